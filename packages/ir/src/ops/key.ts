import { fail, failDType } from "../rule.ts";
import { sameShape, shapeText, type TensorType } from "../shape.ts";

/** Refuses what is no random key. */
export function checkKey({ dtype, shape }: TensorType): void {
  if (dtype === "uint32" && sameShape(shape, [2])) return;
  const fix = "make one with key(seed), splitKey or foldIn";
  if (dtype !== "uint32") failDType(`key is ${dtype} where uint32 is wanted`, fix);
  fail("E206", `key has shape ${shapeText(shape)} where [2] is wanted`, fix);
}
