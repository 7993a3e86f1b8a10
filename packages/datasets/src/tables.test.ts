import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { iris, wine } from "./index.ts";
import { irisCsv } from "./iris-csv.ts";
import { wineCsv } from "./wine-csv.ts";

/** SHA-256 of the rows without our header, with the prefix that the classes have in the published file. */
const digestOf = (csv: string, prefix: string, end: string) => {
  const rows = csv.split("\n").slice(1, -1);
  const body = rows.map((row) => row.replace(/,(?=[^,]*$)/, `,${prefix}`)).join("\n");
  return createHash("sha256").update(body).update(end).digest("hex");
};

const mean = (values: ArrayLike<number>, feature: number, features: number) => {
  const chosen = Array.from(values).filter((_, i) => i % features === feature);
  return chosen.reduce((a, b) => a + b, 0) / chosen.length;
};

test("iris has fifty flowers of each species, with the published means", () => {
  const { x, y } = iris();
  expect([x.shape, y.shape, y.classes]).toEqual([[150, 4], [150], ["setosa", "versicolor", "virginica"]]);
  for (const species of [0, 1, 2]) expect([...y.data].filter((label) => label === species)).toHaveLength(50);
  const means = [0, 1, 2, 3].map((feature) => mean(x.data, feature, 4).toFixed(3));
  expect(means).toEqual(["5.843", "3.054", "3.759", "1.199"]); // of the UCI file; Fisher's paper gives 3.057 and 3.758
  expect(digestOf(irisCsv, "Iris-", "")).toBe("f5d0c11e5c78a69a20dbb80baf2b24703f59a6687595752abb397d23732647c5");
});

test("wine has 59, 71 and 48 wines of 13 measurements", () => {
  const { x, y } = wine();
  expect([x.shape, y.classes, x.features?.length]).toEqual([[178, 13], ["1", "2", "3"], 13]);
  expect([0, 1, 2].map((cultivar) => [...y.data].filter((label) => label === cultivar).length)).toEqual([59, 71, 48]);
  expect(mean(x.data, 0, 13)).toBeCloseTo(13.0006, 3);
  expect(mean(x.data, 12, 13)).toBeCloseTo(746.893, 2);
  expect(digestOf(wineCsv, "", "\n")).toBe("e9c16b779f9194945067f65118da6afb317ef60c6515879c50124dc4f6cdd756");
});
