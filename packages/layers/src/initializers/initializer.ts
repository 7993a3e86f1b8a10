import { full, type HostKey, isFloat, OptionError, sameShape, Tensor, typeText, valueText } from "@tenon/tensor";
import { isSketch } from "../build.ts";
import { byName, keyOf } from "../check.ts";
import { constant, ones, zeros } from "./constant.ts";
import { orthogonal } from "./orthogonal.ts";
import { normal, truncatedNormal, uniform } from "./random.ts";
import { named } from "./values.ts";
import { glorotNormal, glorotUniform, heNormal, heUniform, lecunNormal, lecunUniform } from "./variance-scaling.ts";

/** Initial values of a Variable, from a key of its own. They are computed on the host, the same bits everywhere. */
export type Initializer = (key: HostKey, shape: readonly number[]) => Tensor;

/** Initialisers by name, with their default settings. */
export const initializers = {
  zeros,
  ones,
  uniform: uniform(),
  normal: normal(),
  truncatedNormal: truncatedNormal(),
  glorotUniform,
  glorotNormal,
  heUniform,
  heNormal,
  lecunUniform,
  lecunNormal,
  orthogonal: orthogonal(),
} as const;

const makers: readonly unknown[] = [constant, uniform, normal, truncatedNormal, orthogonal];

export type InitializerName = keyof typeof initializers;
export type InitializerChoice = InitializerName | Initializer;

/** The initialiser that an option names, with a check of what it gives. Its `name` is for summaries. */
export function chooseInitializer(kind: string, option: string, given: InitializerChoice): Initializer {
  if (makers.includes(given)) {
    const { name } = given as Initializer;
    throw new OptionError("E803", kind, `${option} is ${name}, which makes initialisers and is none`, {
      fix: `call it, as in ${option}: ${name}(${given === (constant as unknown) ? "0.1" : ""})`,
    });
  }
  const chosen = byName<Initializer>(kind, option, given, initializers);
  const name = keyOf(initializers, chosen) ?? (chosen.name || "function");
  return named(name, (key, shape) => {
    if (isSketch()) return full(shape, 0);
    const value: unknown = chosen(key, shape);
    if (value instanceof Tensor && isFloat(value.dtype) && sameShape(value.shape, shape)) return value;
    const found = value instanceof Tensor ? typeText(value) : valueText(value);
    throw new OptionError(
      "E803",
      kind,
      `${option} gave ${found} where floats of shape [${shape.join(", ")}] are wanted`,
      { fix: "an initialiser is (key, shape) => tensor, such as glorotUniform of @tenon/layers" },
    );
  });
}
