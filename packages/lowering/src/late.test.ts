import { expect, test } from "vitest";
import { late, withParts } from "./late.ts";

const part = (value: number) => {
  const calls = { loads: 0 };
  const it = late(async () => {
    calls.loads++;
    return value;
  });
  return { it, calls };
};

test("work begins again for each part that is missing, and each is loaded once", async () => {
  const [a, b] = [part(2), part(3)];
  let begun = 0;
  const work = (): number => {
    begun++;
    return a.it.now * b.it.now;
  };
  expect(work).toThrow("E420");
  begun = 0;
  expect(await withParts(work)).toBe(6);
  expect(await withParts(async () => work())).toBe(6);
  expect([begun, a.calls.loads, b.calls.loads]).toEqual([4, 1, 1]);
});

test("a part that cannot be loaded fails the work that wants it, and is tried again", async () => {
  let there = false;
  const it = late(async () => {
    if (!there) throw new RangeError("offline");
    return 7;
  });
  await expect(withParts(() => it.now)).rejects.toThrow("offline");
  there = true;
  expect(await withParts(() => it.now)).toBe(7);
});

test("other errors of the work are its own", async () => {
  await expect(
    withParts(() => {
      throw new RangeError("mine");
    }),
  ).rejects.toThrow("mine");
});
