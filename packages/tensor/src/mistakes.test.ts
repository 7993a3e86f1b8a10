import "@tenon/interpreter";
import { compile, loadStep, setBackend, spec, type Tensor, tensor, zeros } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

test("JavaScript's operators on a tensor name the methods to use", () => {
  const x = zeros([2, 3]) as unknown as number;
  expect(() => x * 2).toThrowErrorMatchingInlineSnapshot(`
    [StateError E417 tensor: a tensor was used with JavaScript's operators, which cannot compute with it.
      x: float32 [2, 3]
      fix: use its methods, as in x.mul(2).add(y).]
  `);
  expect(() => x + 1).toThrow("E417");
  expect(() => x < 1).toThrow("E417");
  expect(`${x}`).toBe("Tensor(float32 [2, 3])");
});

test("loadStep takes bytes, and says so to whoever passes a path", async () => {
  await expect(loadStep("step.tenon" as never)).rejects.toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 loadStep: the first argument is "step.tenon", not the bytes of a file.
      fix: read the file first, and pass a Uint8Array.]
  `);
  await expect(loadStep(new ArrayBuffer(8) as never)).rejects.toThrow("not the bytes of a file");
  await expect(loadStep(new Uint8Array(10))).rejects.toThrow("E140");
});

test("inputs that are no types are refused", () => {
  const f = compile((x: Tensor) => x, { inputs: [[2, 3]] as never });
  expect(() => f.trace()).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 compile: inputs has 2 at arg0.0, which is no type.
      fix: describe a tensor by spec, as in spec(["B", 784]).]
  `);
});

test("a precision that does not exist is refused when compile is called", () => {
  expect(() => compile((x: Tensor) => x, { precision: "half" as never })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError E803 compile: precision is "half", which is none of same, tf32, bf16.]`,
  );
});

test("too few arguments are counted", async () => {
  const f = compile((x: Tensor, y: Tensor) => x.add(y), { inputs: [spec([2]), spec([2])] });
  await expect(
    (f as unknown as (x: Tensor) => Promise<unknown>)(tensor([1, 2])),
  ).rejects.toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E524 compile: 1 tensors given in 1 arguments, 2 in 2 declared.
      fix: pass what inputs describes.]
  `);
});

test("an option, dtype or size that is nearly right is answered with the right one", () => {
  expect(() => zeros([2, 3]).sum({ keepdims: true } as never)).toThrow("did you mean keepDims?");
  expect(() => zeros([2], "float" as never)).toThrow("did you mean float");
  expect(() => compile((x: Tensor) => x, { inputz: [] } as never)).toThrow("did you mean inputs?");
});
