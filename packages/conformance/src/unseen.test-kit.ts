import type { BackendFactory } from "@tenon/backend";
import { attention, compile, grad, ones, select, type Tensor, tensor } from "@tenon/tensor";
import { expect } from "vitest";

const PLACES = 16;

const thousandths = (x: number): number => Math.round(x * 1e3) / 1e3;

/** Expects that a query whose scores are all −∞ yields 0, others what they see, and that gradients are numbers. */
export async function expectUnseen(
  backend: BackendFactory,
  precision: "float32" | "bfloat16" = "float32",
): Promise<void> {
  const isSeen = tensor(Array.from({ length: PLACES }, (_, query) => query % 2 === 0)).reshape([1, 1, PLACES, 1]);
  const seen = (x: Tensor): Tensor => attention(x, x, x, { bias: select(isSeen, 0, -Infinity) });
  const step = compile((x: Tensor) => [seen(x), grad((v: Tensor) => seen(v).sum())(x)], { backend, precision });
  const [y, dx] = await step(ones([1, PLACES, 1, 8]));
  const [rows, slopes] = await Promise.all([y!, dx!].map(async (x) => Array.from(await x.data(), thousandths)));
  expect(rows).toEqual(rows!.map((_, i) => (Math.floor(i / 8) % 2 === 0 ? 1 : 0)));
  // eight queries see all values alike
  expect(slopes).toEqual(slopes!.map(() => 0.5));
}
