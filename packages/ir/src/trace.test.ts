import { expect, test } from "vitest";
import { trace } from "./function.ts";
import { constant, spec, type Tensor } from "./index.ts";
import { input } from "./leaf.ts";

const x2 = spec([2]);

test("what does not depend on the arguments is free and becomes a further input, computed once outside", () => {
  const outside = input(x2);
  let doubled: Tensor | undefined;
  const { fn, captured } = trace(
    (x) => {
      doubled = outside.mul(2); // recorded inside, but nothing of the argument is in it
      return [x.add(doubled), x.mul(doubled)];
    },
    [x2],
  );
  expect(captured).toEqual([doubled]);
  expect(fn.inputs).toHaveLength(2);
  expect(fn.inputs[1]).not.toBe(doubled);
});

test("a constant is no free tensor: it stays in the function", () => {
  const one = constant(1, [2]);
  const { fn, captured } = trace((x) => [x.add(one), one], [x2]);
  expect([fn.inputs.length, captured.length]).toEqual([1, 0]);
});

test("inside a branch everything that it records stays, and only what comes from outside is free", () => {
  const outside = input(x2);
  const { captured } = trace(() => [outside.mul(2)], [], { inside: true });
  expect(captured).toEqual([outside]);
});

test("a hook sees the arguments, may extend the results, and is left after an error too", () => {
  const events: string[] = [];
  const hook = {
    enter: (inputs: readonly Tensor[]) => void events.push(`enter ${inputs.length}`),
    leave: (results: readonly Tensor[]) => {
      events.push("leave");
      return [...results, results[0]!.neg()];
    },
    exit: () => void events.push("exit"),
  };
  expect(trace((x) => [x], [x2], { hook }).fn.results).toHaveLength(2);
  expect(events.splice(0)).toEqual(["enter 1", "leave", "exit"]);
  const stop = () => {
    throw new Error("stop");
  };
  expect(() => trace(stop, [x2], { hook })).toThrow("stop");
  expect(events).toEqual(["enter 1", "exit"]);
});

test("a function that returns a promise, or no list of tensors, is refused", () => {
  expect(() => trace((async () => []) as never, [x2], { name: "body" })).toThrowErrorMatchingInlineSnapshot(`
    [StateError E404 body: a traced function returns a list of tensors, not a promise.
      fix: make it synchronous: values cannot be read while a function is traced.]
  `);
  expect(() => trace((() => 3) as never, [x2])).toThrowErrorMatchingInlineSnapshot(`
    [StateError E404 fn: a traced function returns a list of tensors, not 3.
      fix: return an array of tensors.]
  `);
});

test("a function shares no constant with the program: what the program's turns into stays outside", () => {
  const half = constant(0.5);
  const { fn, captured } = trace((x) => [x!.mul(half)], [spec([])]);
  expect(captured).toEqual([]);
  expect(fn.results[0]!.inputs[1]).not.toBe(half);
  const [inlined] = trace(() => [constant(2)], []).fn.inline([]);
  const again = trace(() => [constant(2)], []).fn;
  expect(again.inline([])[0]).not.toBe(again.results[0]);
  expect(inlined!.node.inside).toBe(false);
});
