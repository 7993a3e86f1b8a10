import { readFileSync } from "node:fs";
import { moduleFromBinary, moduleToBinary } from "./binary.ts";
import { sections } from "./binary-layout.ts";
import { ByteReader } from "./bytes.ts";
import {
  add,
  buildModule,
  div,
  Fn,
  FormatError,
  greater,
  input,
  LimitError,
  type Module,
  matmul,
  mul,
  parseDim,
  pow,
  type Shape,
  select,
  sqrt,
  sub,
  sum,
  type Tensor,
  trace,
  transpose,
  withScope,
} from "./index.ts";
import { allSamples, type Sample } from "./samples.ts";
import { parseModule } from "./text.ts";

/** The worked example of the IR's description: one training step of two layers. */
export const exampleText = readFileSync(new URL("../fixtures/two-layer-step.ir", import.meta.url), "utf8");

/** What a module may hold besides ops: every part, with names that need quotes, and numbers that need bits. */
export const oddText = `ir 1.0
opset core@1, acme.opt@3
sym B in 1..65536
sym N in 8..512 mult 8
fn @"a body"(%0"x y": f32[B,N], %1"z": f32[B,N]) -> (f32[B,N]) {
  %2"z" = add %0, %1 : f32[B,N] in "encoder.dense 1" at "model.ts:40"
  return %2
}
fn @odd(%x: f32[B,N] alias 0, %y: f32[B,N], %k: i64[]) -> (f32[B,N], f32[B*N+1,floordiv(N,8)], f16[3]) {
  %0n = composite acme.opt.odd@3 %x, %y {B="B", ints=[1,-2,9007199254740991], empty=[], floats=[0.1,-0,inf,-inf,nan,1e+300], flags=[true,false], name=word, nan="nan", "odd key"="x\\"y\\\\\\n☃", record={a={}, b=[{c=(floordiv(B,2))}]}, raw=x"00ff", size=(B*N+1), decomp=@"a body", vjp=@"a body"} : f32[B,N]
  %s = constant -0.0 : f32[B*N+1,floordiv(N,8)]
  %h = constant [1.0, -0.0, 65504.0] : f16[3]
  %p = constant x"0100c07f0000807f" : f32[2]
  %i = constant 9007199254740992 : i64[]
  %j = constant x"ffffffffffffff7f" : i64[1]
  %b = constant [true, false] : bool[2]
  %e = constant [] : f64[0]
  %f = constant 0.1 : bf16[]
  %t = constant 0.30000001192092896 : f64[B]
  %d = dim {expr="max(B,N)"} : i32[]
  () = opaque %d {target="acme", version=2} : ()
  return %0n, %s, %h
}
entry "the entry" = @odd
entry other = @"a body"
weight "layers.0/weight": f32[B,N] = other 0 sha256 "${"0a".repeat(32)}" blob "weights"
state "layers.0/weight": f32[B,N] = "the entry" 0 -> 0 role parameter owner "@tenon/layers"
`.replaceAll("%0n", "%w");

export const example = (): Module => parseModule(exampleText);
export const odd = (): Module => parseModule(oddText);

/** A function that applies a sample's op to inputs of its types. */
export const sampleFn = (sample: Sample): Fn =>
  trace((...args) => sample.record(args), sample.operands, {
    name: `${sample.name.replaceAll(/\W/g, "_")}_${sample.index}`,
  }).fn;

/** Every sample of every op as an entry of one module. */
export const everySample = (): Module =>
  buildModule({ entries: Object.fromEntries(allSamples().map((s) => [`${s.name}/${s.index}`, sampleFn(s)])) });

/** Numbers from 0 to `n` − 1 in a sequence that `seed` fixes: a linear congruence, its high bits. */
export function randomSequence(seed: number): (n: number) => number {
  let state = seed >>> 0;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0; // Numerical Recipes
    return Math.floor((state / 2 ** 32) * n);
  };
}

/**
 * One training step of a perceptron of `layers` layers, as autodiff and Adam leave it: forward, backward and update
 * written out, 76 ops a layer, with weights, moments and a learning rate that come in and go out.
 */
export function trainingStep(layers: number): Module {
  const batch = parseDim("B");
  const width = (layer: number): number => 16 + 8 * (layer % 7);
  const names: string[] = [];
  const inputs: Tensor[] = [];
  const argument = (name: string, shape: Shape): Tensor => {
    names.push(name);
    inputs.push(input({ dtype: "float32", shape }, name));
    return inputs.at(-1)!;
  };
  const params = Array.from({ length: layers }, (_, i) => {
    const shapes = [[width(i), width(i + 1)], [width(i + 1)]] as const;
    return shapes.map((shape, j) => ["", ".m", ".v"].map((part) => argument(`layer${i}.${"wb"[j]}${part}`, shape)));
  });
  const rate = argument("rate", []);
  const step = argument("step", []);
  let x = argument("x", [batch, width(0)]);
  const saved: (readonly [x: Tensor, z: Tensor])[] = [];
  params.forEach(([weights, biases], i) => {
    const [[w], [b]] = [weights!, biases!];
    withScope(`layer${i}`, () => {
      const z = add(matmul(x, w!), b!);
      saved.push([x, z]);
      x = select(greater(z, 0), z, 0);
    });
  });
  let dy = mul(x, 0.5);
  const results: Tensor[] = [sum(mul(x, x))];
  for (let i = layers - 1; i >= 0; i--) {
    const [h, z] = saved[i]!;
    const [[w, ...wMoments], [b, ...bMoments]] = params[i] as [Tensor[], Tensor[]];
    const dz = select(greater(z, 0), dy, 0);
    dy = matmul(dz, transpose(w!));
    for (const [p, g, [m, v]] of [
      [w!, matmul(transpose(h), dz), wMoments],
      [b!, sum(dz, { axis: 0 }), bMoments],
    ] as const) {
      const mean = add(mul(m!, 0.9), mul(g, 0.1));
      const variance = add(mul(v!, 0.999), mul(mul(g, g), 0.001));
      const scale = div(rate, sub(1, pow(0.9, step)));
      results.push(sub(p, mul(scale, div(mean, add(sqrt(variance), 1e-8)))), mean, variance);
    }
  }
  return buildModule({ entries: { train_step: new Fn("train_step", inputs, results) } });
}

/**
 * Reads `count` damaged copies of the files: a few bytes changed, removed, inserted or copied from elsewhere. Each must
 * be refused by a typed error or be written back byte for byte, and none may take long.
 */
export function fuzzBinary(
  files: readonly Uint8Array[],
  count: number,
  seed: number,
): { refused: number; read: number } {
  const random = randomSequence(seed);
  let refused = 0;
  for (let n = 0; n < count; n++) {
    const bytes = [...files[random(files.length)]!];
    for (let edits = 1 + random(3); edits > 0; edits--) {
      const at = random(bytes.length);
      const kind = random(5);
      if (kind === 0) bytes[at]! ^= 1 << random(8);
      else if (kind === 1) bytes[at] = random(4) === 0 ? 255 : random(256);
      else if (kind === 2) bytes.splice(at, 1 + random(4));
      else if (kind === 3) bytes.splice(at, 0, random(256));
      else bytes.splice(at, 4, ...bytes.slice(random(bytes.length)).slice(0, 4));
    }
    const damaged = Uint8Array.from(bytes);
    const start = performance.now();
    let module: Module | undefined;
    try {
      module = moduleFromBinary(damaged);
    } catch (error) {
      if (!(error instanceof FormatError || error instanceof LimitError)) throw error;
      refused++;
    }
    if (module !== undefined && Buffer.compare(moduleToBinary(module), knownSections(damaged)) !== 0) {
      throw new Error(`mutation ${n} of seed ${seed} is not written back: ${Buffer.from(damaged).toString("hex")}`);
    }
    const milliseconds = performance.now() - start;
    if (milliseconds > 1000) throw new Error(`mutation ${n} of seed ${seed} took ${milliseconds} ms`);
  }
  return { refused, read: count - refused };
}

/** The bytes of a readable file without the optional sections that a reader skips. */
function knownSections(bytes: Uint8Array): Uint8Array {
  const from = new ByteReader("test", bytes, 4);
  const parts: Uint8Array[] = [];
  from.varint();
  from.varint();
  parts.push(bytes.subarray(0, from.at));
  while (from.left > 0) {
    const start = from.at;
    const id = from.varint();
    from.varint();
    from.raw(from.varint());
    if (Object.values<number>(sections).includes(id)) parts.push(bytes.subarray(start, from.at));
  }
  return Buffer.concat(parts);
}

/**
 * Reads `count` damaged copies of a text: characters changed, removed, doubled or moved. Each must be refused by a typed
 * error, or be a module that is written and read again without a change.
 */
export function fuzzText(
  text: string,
  count: number,
  seed: number,
  { read, write }: { readonly read: (text: string) => Module; readonly write: (module: Module) => string },
): { refused: number; read: number } {
  const random = randomSequence(seed);
  const alphabet = '%@{}[](),:="\\-+*.0123456789 \nxBsnainf_☃';
  let refused = 0;
  for (let n = 0; n < count; n++) {
    const letters = [...text];
    for (let edits = 1 + random(3); edits > 0; edits--) {
      const at = random(letters.length);
      const kind = random(4);
      if (kind === 0) letters[at] = alphabet[random(alphabet.length)]!;
      else if (kind === 1) letters.splice(at, 1 + random(8));
      else if (kind === 2) letters.splice(at, 0, alphabet[random(alphabet.length)]!);
      else letters.splice(at, 0, ...letters.slice(random(letters.length)).slice(0, 1 + random(12)));
    }
    const damaged = letters.join("");
    try {
      const written = write(read(damaged));
      if (write(read(written)) !== written)
        throw new Error(`mutation ${n} of seed ${seed} changes: ${JSON.stringify(damaged)}`);
    } catch (error) {
      if (!(error instanceof FormatError || error instanceof LimitError)) throw error;
      refused++;
    }
  }
  return { refused, read: count - refused };
}
