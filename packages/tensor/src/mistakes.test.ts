import "@tenon/interpreter";
import {
  compile,
  full,
  grad,
  jvp,
  loadStep,
  setBackend,
  spec,
  type Tensor,
  tensor,
  training,
  vjp,
  vmap,
  zeros,
} from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

test("JavaScript's operators on a tensor name the methods to use", () => {
  const x = zeros([2, 3]) as unknown as number;
  expect(() => x * 2).toThrowErrorMatchingInlineSnapshot(`
    [StateError E417 tensor: a tensor was used with JavaScript's operators, which cannot compute with it.
      x: float32 [2, 3]
      fix: use its methods, as in x.mul(2).add(y).]
  `);
  expect(() => x + 1).toThrow("E417");
  expect(() => x < 1).toThrow("E417");
  expect(`${x}`).toBe("Tensor(float32 [2, 3])");
});

test("loadStep takes bytes, and says so to whoever passes a path", async () => {
  await expect(loadStep("step.tenon" as never)).rejects.toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 loadStep: the first argument is "step.tenon", not the bytes of a file.
      fix: read the file first, and pass a Uint8Array.]
  `);
  await expect(loadStep(new ArrayBuffer(8) as never)).rejects.toThrow("not the bytes of a file");
  await expect(loadStep(new Uint8Array(10))).rejects.toThrow("E140");
});

test("inputs that are no types are refused", () => {
  expect(() => compile((x: Tensor) => x, { inputs: [[2, 3]] as never })).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 compile: inputs has 2 at arg0.0, which is no type.
      fix: describe a tensor by spec, as in spec(["B", 784]).]
  `);
  expect(() => compile((x: Tensor) => x, { inputs: spec([2]) as never })).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 compile: inputs is an object, which is no list.
      fix: give one list, for example [spec([2])].]
  `);
});

test("a precision that does not exist is refused when compile is called", () => {
  expect(() => compile((x: Tensor) => x, { precision: "half" as never })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError E803 compile: precision is "half", which is none of float32, tf32, bfloat16.]`,
  );
  expect(() => compile((x: Tensor) => x, { precision: "toString" as never })).toThrow("which is none of");
});

test("too few arguments are counted", async () => {
  const f = compile((x: Tensor, y: Tensor) => x.add(y), { inputs: [spec([2]), spec([2])] });
  await expect(
    (f as unknown as (x: Tensor) => Promise<unknown>)(tensor([1, 2])),
  ).rejects.toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E524 compile: 1 argument is given, 2 declared.
      fix: pass what inputs describes.]
  `);
});

test("an option, dtype or size that is nearly right is answered with the right one", () => {
  expect(() => zeros([2, 3]).sum({ keepdims: true } as never)).toThrow("did you mean keepDims?");
  expect(() => zeros([2], "float" as never)).toThrow("did you mean float");
  expect(() => compile((x: Tensor) => x, { inputz: [] } as never)).toThrow("did you mean inputs?");
});

test("a training context is made with a key", () => {
  expect(() => training(0 as never)).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 training: the key is 0, which is no random key.
      fix: make one from a seed, as in key(0).]
  `);
  expect(() => training(zeros([2]))).toThrow("the key is float32 [2], which is no random key");
  expect(() => (training as () => unknown)()).toThrow("the key is undefined");
});

test("numbers and booleans make no tensor together, unless a dtype says what they become", async () => {
  expect(() => tensor([true, 5])).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 tensor: element 0 is a boolean but element 1 is a number.
      fix: use numbers alone or booleans alone, or name a dtype.]
  `);
  expect(() => tensor([[1], [false]])).toThrow("element 0 is a number but element 1 is a boolean");
  expect(Array.from(await tensor([true, 5], { dtype: "int32" }).data())).toEqual([1, 5]);
});

test("a shape belongs to its tensor: the list it was given as may change", () => {
  const shape = [2, 1];
  const type = { dtype: "float32" as const, shape };
  const f = compile((x: Tensor) => x, { inputs: [type] });
  const made = [tensor([1, 2], { shape }), zeros(shape), full(shape, 3)];
  shape[0] = 7;
  expect(made.map((x) => x.shape)).toEqual([
    [2, 1],
    [2, 1],
    [2, 1],
  ]);
  expect(f.trace().functions.at(-1)!.inputs[0]!.type.shape).toEqual([2, 1]);
});

test("a transform is given a function, and jvp lists of arguments", () => {
  const x = zeros([2]);
  expect(() => vmap(x as never)).toThrow("E803 vmap: f is Tensor(float32 [2]), which is no function");
  expect(() => vjp(x as never, x)).toThrow("E803 vjp");
  expect(() => grad(x as never)).toThrow("E803 grad");
  expect(() => jvp((x: Tensor) => x, x as never, x as never)).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 jvp: primals is Tensor(float32 [2]), which is no list.
      fix: give one list, for example jvp(f, [x], [dx]).]
  `);
});
