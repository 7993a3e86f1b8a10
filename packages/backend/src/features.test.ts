import { interpreter } from "@tenon/interpreter";
import { add, buildModule, constant, Fn, input, less, spec, type VerifiedModule, whileLoop } from "@tenon/ir";
import { verify } from "@tenon/ir/verify";
import { expect, test } from "vitest";
import { checkModule } from "./check.ts";
import type { Capabilities } from "./contract.ts";

const { caps } = await interpreter().create();

function loop(options: { maxTrip?: number } = {}): VerifiedModule {
  const x = input(spec([]));
  const results = whileLoop(
    ([n]) => less(n!, 5),
    ([n]) => [add(n!, x)],
    [constant(0, [])],
    options,
  );
  return verify(buildModule({ entries: { f: new Fn("f", [x], results) } }));
}

test("a while loop without a bound is a compile error on a backend that lacks unbounded-while", () => {
  const gpu: Capabilities = { ...caps, features: [], device: { ...caps.device, name: "a GPU" } };
  expect(() => checkModule(gpu, loop(), "f")).toThrowErrorMatchingInlineSnapshot(`
    [BackendError E514 while: it needs unbounded-while, which a GPU does not have.
      at: @f #1
      fix: use a backend that has it.]
  `);
  expect(() => checkModule(gpu, loop({ maxTrip: 9 }), "f")).not.toThrow();
  expect(() => checkModule(caps, loop(), "f")).not.toThrow();
});
