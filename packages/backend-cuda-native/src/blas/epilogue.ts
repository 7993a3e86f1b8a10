import { always, type DotKernel, type LoadValue, type Store, type Value } from "@tenon/lowering";
import { matched, type Pattern, pattern } from "./pattern.ts";

export type Activation = "none" | "relu" | "gelu";

/** What is done with a product, `activation(alpha · product + addends)`, and where it is stored. */
export interface ProductEpilogue {
  readonly store: Store;
  readonly alpha: number;
  readonly addends: readonly LoadValue[];
  readonly activation: Activation;
}

/** Bounds beyond which the argument of tanh is cut, as `nn.gelu` is decomposed; tanh is 1 there, so that the library's is the same. */
const NEAR = 16;
const z = pattern("minimum", pattern("maximum", "x", -NEAR), NEAR);
const cubic = pattern("mul", pattern("mul", pattern("mul", z, z), z), 0.044715);
const argument = pattern("mul", pattern("add", z, cubic), Math.sqrt(2 / Math.PI));
const twice = pattern("add", pattern("tanh", argument), 1);

/** The library's gelu is the one by tanh: NVIDIA, cuBLAS Library, section "cublasLtEpilogue_t". */
const activations: readonly (readonly [Activation, Pattern])[] = [
  ["relu", pattern("maximum", "x", 0)],
  ["gelu", pattern("mul", pattern("mul", "x", 0.5), twice)],
];

/** An epilogue that is one store of what the library can do; undefined for any other. */
export function epilogueOf({ epilogue, product, columnSums }: DotKernel): ProductEpilogue | undefined {
  const stores = epilogue.filter((s): s is Store => s.kind === "store");
  const [store] = stores;
  if (store === undefined || stores.length > 1 || store.mask !== always || columnSums.length > 0) return undefined;
  if (!epilogue.every(({ kind }) => kind === "store" || kind === "let")) return undefined;
  const { value, activation } = activated(unrounded(store.value));
  const addends: LoadValue[] = [];
  let alpha: number | undefined;
  for (const term of termsOf(value)) {
    const scale = term === product ? 1 : scaleOf(term, product);
    if (scale !== undefined && alpha === undefined) alpha = scale;
    else if (term.kind === "load" && term.mask === always) addends.push(term);
    else return undefined;
  }
  return alpha === undefined ? undefined : { store, alpha, addends, activation };
}

/** The library rounds once, at the end, to the dtype that is stored. */
function unrounded(value: Value): Value {
  if (value.kind !== "alu" || (value.op !== "round16" && value.op !== "roundb16")) return value;
  return unrounded(value.operands[0]!);
}

function activated(value: Value): { readonly value: Value; readonly activation: Activation } {
  for (const [activation, wanted] of activations) {
    const x = matched(value, wanted)?.get("x");
    if (x !== undefined) return { value: unrounded(x), activation };
  }
  return { value, activation: "none" };
}

function termsOf(value: Value): readonly Value[] {
  const sum = matched(value, pattern("add", "x", "y"));
  return sum === undefined ? [value] : [...sum.values()].flatMap((term) => termsOf(unrounded(term)));
}

function scaleOf(value: Value, product: Value): number | undefined {
  const found = matched(value, pattern("mul", "x", "scale"));
  if (found === undefined) return undefined;
  const [x, scale] = [...found.values()].map(unrounded) as [Value, Value];
  if (x === product) return scale.kind === "constant" ? scale.value : undefined;
  return scale === product && x.kind === "constant" ? x.value : undefined;
}
