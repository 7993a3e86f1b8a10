import { testEmulated } from "../emulation.test-kit.ts";
import { judgeProducts } from "./matrix.test-kit.ts";

testEmulated("many products by tensor cores are those of rounded factors in float64", { timeout: 1_200_000 }, () => {
  for (let seed = 10; seed < 20; seed++) judgeProducts(seed, 20);
});
