import "@tenon/interpreter";
import { compile, dryRun, foldIn, hostKey, hostKeyOf, isTracing, key, keys, spec, variable } from "@tenon/tensor";
import { expect, test } from "vitest";

test("a dry run gives types, and assigns nothing", async () => {
  const count = variable([1, 2]);
  const y = dryRun([spec(["B", 2])], (x) => {
    expect(isTracing()).toBe(true);
    count.assign(count.value.add(1));
    return x.add(count.value);
  });
  expect(`${y}`).toBe("Tensor(float32 [B, 2])");
  expect(isTracing()).toBe(false);
  expect(Array.from(await count.value.data())).toEqual([1, 2]);
});

test("a compiled function is being traced while it is recorded", () => {
  const seen: boolean[] = [];
  compile(() => {
    seen.push(isTracing());
    return 0;
  }).trace();
  expect(seen).toEqual([true]);
});

test("a key has its words on the host where it was made there", () => {
  expect(hostKeyOf(key(2 ** 32 + 5))).toEqual(hostKey(2 ** 32 + 5));
  expect(hostKeyOf(keys(0).next())).toHaveLength(2);
  expect(() => hostKeyOf(foldIn(key(0), 1))).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 hostKeyOf: the key was computed on a device, and its words are not on the host.
      key: uint32 [2]
      fix: use key(seed), or the next() of keys(seed).]
  `);
  expect(() => hostKeyOf(variable([0, 1]).value, "build")).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 build: the key is float32 [2], which is no random key.
      fix: make one from a seed, as in key(0).]
  `);
});
