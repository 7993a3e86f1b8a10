import "@tenon/interpreter";
import { maskOf, positionEmbedding, rotary, sinusoidalPosition, withMask } from "@tenon/layers";
import { compile, ones, rope, setBackend, spec, type Tensor, tensor, zeros } from "@tenon/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import { built, inside, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

const at = (n: number): Tensor => tensor(n, { dtype: "int32" });

describe("positionEmbedding", () => {
  const layer = () => {
    const made = built(positionEmbedding(4), spec(["B", 3, 2]));
    made.table.assign(tensor([1, 2, 3, 4, 5, 6, 7, 8]).reshape([4, 2]));
    return made;
  };

  test("adds the row of each place, of the first ones or from an offset on", async () => {
    expect(await list(layer().call(zeros([1, 3, 2])))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await list(layer().call({ input: zeros([1, 1, 2]), offset: at(3) }))).toEqual([7, 8]);
    expect(await list(layer().call({ input: zeros([1, 2, 2]), offset: at(3) }))).toEqual([7, 8, 0, 0]);
  });

  test("serves sequences of open length, and keeps masks", async () => {
    const made = layer();
    const step = compile((x: Tensor) => made.call(x), { inputs: [spec(["B", "T", 2])] });
    expect(await list(await step(zeros([1, 2, 2])))).toEqual([1, 2, 3, 4]);
    const mask = tensor([[true, false, false]]);
    expect(maskOf(made.call(withMask(zeros([1, 3, 2]), mask)))).toBe(mask);
    expect(made.describe()).toBe("positionEmbedding 4, glorotUniform");
  });

  test("refuses what does not fit", () => {
    expect(() => inside(positionEmbedding(4), spec(["B", 6, 2]))).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E204 positionEmbedding: the input has 6 steps but the layer has places for 4.
        x: float32 [B, 6, 2]
        at: encoder.positionEmbedding1 (positions.test.ts:34)
        fix: give it at most 4 steps, or make the layer with positionEmbedding(6).]
    `);
    expect(() => inside(positionEmbedding(4), spec(["B", 2]))).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E206 positionEmbedding: the input has rank 2, not 3, in (examples, steps, features).
        x: float32 [B, 2]
        at: encoder.positionEmbedding1 (positions.test.ts:40)
        fix: give it (examples, steps, features).]
    `);
    expect(() => layer().call(zeros([1, 3, 5]))).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E204 positionEmbedding: the input has 5 features but the layer was built for 2.
        x: float32 [1, 3, 5]
        at: positions.test.ts:46
        fix: give it 2 features.]
    `);
    expect(() => layer().call({ input: zeros([1, 3, 2]), offset: zeros([]) })).toThrowErrorMatchingInlineSnapshot(`
      [DTypeError E201 positionEmbedding: offset is float32 where int32 is wanted.
        offset: float32 []
        fix: make it int32, as in tensor(0, { dtype: "int32" }).]
    `);
    expect(() => positionEmbedding(0)).toThrow("maxLength is 0");
  });
});

describe("sinusoidalPosition", () => {
  test("adds sines to even and cosines to odd features, whose wavelengths grow", async () => {
    const layer = built(sinusoidalPosition(), spec(["B", 2, 4]));
    const expected = [5, 6].flatMap((p) => [Math.sin(p), Math.cos(p), Math.sin(p / 100), Math.cos(p / 100)]);
    const y = await list(layer.call({ input: zeros([1, 2, 4]), offset: at(5) }));
    for (const [i, v] of y.entries()) expect(v).toBeCloseTo(expected[i]!, 5);
    expect((await list(layer.call(ones([1, 2, 4])))).slice(0, 4)).toEqual([1, 2, 1, 2]);
  });

  test("refuses features that are no pairs", () => {
    expect(() => inside(sinusoidalPosition(), spec(["B", 2, 3]))).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E203 sinusoidalPosition: the input has 3 features, which are no pairs.
        x: float32 [B, 2, 3]
        at: encoder.sinusoidalPosition1 (positions.test.ts:71)
        fix: give it an even number of features.]
    `);
    expect(() => sinusoidalPosition({ base: 0 })).toThrow("base is 0");
  });
});

describe("rotary", () => {
  test("turns the features of each head by the place of its step", async () => {
    const x = tensor([1, 0, 0, 2, 1, 0, 0, 2]).reshape([1, 2, 1, 4]);
    const [c, s, d, e] = [Math.cos(1), Math.sin(1), Math.cos(0.01), Math.sin(0.01)];
    const y = await list(rotary().call(x));
    for (const [i, v] of [1, 0, 0, 2, c, -2 * e, s, 2 * d].entries()) expect(y[i]).toBeCloseTo(v, 6);
    const later = rotary({ interleaved: true }).call({ input: x, offset: at(7) });
    const positions = tensor([7, 8], { dtype: "int32" });
    expect(await list(later)).toEqual(await list(rope(x, { positions, interleaved: true })));
  });

  test("refuses another rank", () => {
    expect(() => inside(rotary(), spec(["B", 2, 4]))).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E206 rotary: the input has rank 3, not 4, in (examples, steps, heads, features).
        x: float32 [B, 2, 4]
        at: encoder.rotary1 (positions.test.ts:93)
        fix: give it (examples, steps, heads, features).]
    `);
    expect(() => rotary({ theta: 1 } as never)).toThrow("E801");
  });
});
