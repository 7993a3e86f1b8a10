import { interpreter } from "@tenon/interpreter";
import { expect, test } from "vitest";
import { miscompiling, roundingEverywhere } from "./broken-backends.test-kit.ts";
import { conformance } from "./conformance.ts";
import { failingFn } from "./failing.test-kit.ts";
import { type Cell, items } from "./report.ts";

const LONG = 180_000; // a guard against hanging, on a machine that does other things too

test(
  "the interpreter passes the quick profile",
  async () => {
    const report = await conformance(interpreter(), { profile: "quick", failing: failingFn });
    expect(report.failures).toEqual([]);
    expect(report.counts.pass).toBeGreaterThan(3000);
    expect(new Set(report.cells.map(({ item }) => item))).toEqual(new Set(items));
    const unsupported = report.cells.filter(({ status }) => status === "unsupported");
    expect(unsupported.filter(({ detail }) => !/E511.*int64/.test(detail!))).toEqual([]);
  },
  LONG,
);

test(
  "so does a backend that rounds every value to its dtype and has no composites",
  async () => {
    expect((await conformance(roundingEverywhere())).failures).toEqual([]);
  },
  LONG,
);

test("a report is the same in every run, and plain JSON", async () => {
  const options = { only: ["ordering", "random-graphs"], seed: 5 } as const;
  const told: Cell[] = [];
  const [one, two] = [
    await conformance("interpreter", options),
    await conformance("interpreter", { ...options, onCell: (cell) => told.push(cell) }),
  ];
  expect(JSON.stringify(one)).toBe(JSON.stringify(two));
  expect(told).toEqual(two.cells);
  expect(JSON.parse(JSON.stringify(one))).toMatchObject({
    backend: "interpreter",
    profile: "quick",
    seed: 5,
    counts: { fail: 0, unsupported: 0 },
  });
  expect(one.cells[0]).toEqual({
    item: "ordering",
    op: "run",
    dtype: "float32",
    case: "a read sees the run before it",
    status: "pass",
  });
});

test("a share of the checks is some of them, the same by the same seed", async () => {
  const options = { only: ["vectors"], ops: ["add", "neg", "mul"] } as const;
  const namesOf = async (share: number): Promise<string[]> =>
    (await conformance("interpreter", { ...options, share })).cells.map(
      ({ op, dtype, case: title }) => `${op} ${dtype} ${title}`,
    );
  const [all, some, again] = [await namesOf(1), await namesOf(0.3), await namesOf(0.3)];
  expect(some).toEqual(again);
  expect(some.every((name) => all.includes(name))).toBe(true);
  expect(some.length / all.length).toBeGreaterThan(0.15);
  expect(some.length / all.length).toBeLessThan(0.45);
});

test("a summary counts by item and shows failures whole", async () => {
  const wrong = miscompiling(({ op }, [x]) => (op.name === "neg" ? [x!] : undefined));
  const report = await conformance(wrong, { only: ["vectors", "random-numbers"], ops: ["neg", "rng.split"] });
  const short = report.summary().split("\n✗")[0]!.trimEnd();
  expect(short).toMatchInlineSnapshot(`
    "interpreter, profile quick, seed 1
                           passed       failed  unsupported
    vectors                     8           32            4
    random-numbers              4            0            0
    total                      12           32            4"
  `);
  expect(report.summary()).toContain(`
✗ vectors · neg · float32 · sample 1
  result 0, float32, at 0 is `);
  expect(report.summary()).toMatch(/… and \d+ more failures$/);
});

test("an unknown option or item is refused", async () => {
  await expect(conformance("interpreter", { profil: "full" } as object)).rejects.toThrowErrorMatchingInlineSnapshot(`
    [OptionError E801 conformance: unknown option profil.
      fix: did you mean profile?]
  `);
  await expect(
    conformance("interpreter", { only: ["vector" as "vectors"] }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 conformance: there is no item vector.
      fix: the items are vectors, metamorphic, gradients, random-numbers, memory, ordering, refusal, training, random-graphs.]
  `);
});
