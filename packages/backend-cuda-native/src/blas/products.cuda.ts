import { compile, matmul, relu, setBackend, tensor } from "@tenon/tensor";
import { expect, test } from "vitest";
import { cudaNative } from "../backend.ts";
import { expectProducts, runs } from "./products.test-kit.ts";

const library = (tune: boolean) => cudaNative({ tune, debug: { poison: true, smallProducts: true } });
const sizes = [
  { B: 64, N: 128, K: 256, G: 3 },
  { B: 33, N: 17, K: 65, G: 2 },
  { B: 1, N: 5, K: 3, G: 1 },
];

test.each([false, true])("products by cuBLASLt are those of the reference, tuned: %s", async (tune) => {
  const said: string[] = [];
  for (const run of runs) said.push(...(await expectProducts(run, library(tune), sizes)));
  console.log([...new Set(said)].join("\n"));
  expect(said.some((text) => text.includes(": cuBLASLt"))).toBe(true);
});

test("relu behind a product keeps NaN, as it does elsewhere", async () => {
  await setBackend(library(false));
  const y = compile((x, w) => relu(matmul(x, w)))(tensor([[Number.NaN, 1]]), tensor([[1], [1]]));
  expect([...(await (await y).data())]).toEqual([Number.NaN]);
});
