import {
  applyOp,
  argsort,
  concat,
  constant,
  type DType,
  dotOp,
  fold,
  gatherOp,
  input,
  iota,
  matmul,
  max,
  scatterOp,
  softmax,
  spec,
  sum,
  type Tensor,
  windows,
} from "@tenon/ir";
import { expect, test } from "vitest";
import type { Group } from "../fuse/group.ts";
import { constantIndex, indexVariable } from "../index-expression.ts";
import { kernelText } from "../kernel/text.ts";
import { type KernelOptions, kernelsOf } from "./emit.test-kit.ts";
import { emitGroup } from "./emit.ts";

const of = (shape: readonly (number | string)[], dtype: DType = "float32"): Tensor => input(spec(shape, dtype));
const kernels = (make: () => readonly Tensor[], options: KernelOptions = {}): string =>
  kernelsOf(make, options).join("\n\n");
const templates = new Set(["dot", "column sums", "sort", "scatter"]);

/** A kernel of one node, of which each axis of the result is a row axis. */
function alone(
  result: Tensor,
  inputs: readonly Tensor[],
  options: Partial<Parameters<typeof emitGroup>[2]> = {},
): string {
  const axes = new Map([[result.node, result.shape.map((_, i) => i)]]);
  const group: Group = { kind: "loops", nodes: [result.node], outputs: [result], rows: result.shape, axes };
  return kernelText(emitGroup(group, new Set([...inputs, result]), { templates: new Set(), ...options }).kernel);
}

test("a row gathers stage by stage; what loops over the same extents shares a loop", () => {
  expect(
    kernels(() => {
      const x = of(["B", 10]);
      const shifted = x.sub(max(x, { axis: 1, keepDims: true }));
      const [all, squares] = [shifted, shifted.mul(shifted)].map((t) => sum(t, { axis: 1 })) as [Tensor, Tensor];
      return [shifted, all.add(squares)];
    }),
  ).toMatchInlineSnapshot(`
    "loops max+sub+sum+mul+sum+add(in0: float32, out0: float32 write, out1: float32 write; B)
    for i0 < B parallel {
      r0 = nothing : maximum of float32
      for j0 < 10 reduce {
        v0 = in0[i0 * 10 + j0] : float32
        r0 maximum= v0
      }
      v1 = r0 : float32
      r1 = nothing : add of float32
      r2 = nothing : add of float32
      for j1 < 10 reduce {
        v2 = in0[i0 * 10 + j1] : float32
        v3 = sub v2 v1 : float32
        out0[i0 * 10 + j1] = v3
        r1 add= v3
        v4 = mul v3 v3 : float32
        r2 add= v4
      }
      v5 = r1 : float32
      v6 = r2 : float32
      v7 = add v5 v6 : float32
      out1[i0] = v7
    }"
  `);
  expect(kernelsOf(() => [softmax(of(["B", 10]))])).toHaveLength(1);
});

test("axes that lie side by side everywhere are one loop", () => {
  expect(
    kernels(() => {
      const x = of(["B", 4, 3]);
      return [x.mul(2), x.add(of([3])), x.transpose([1, 2, 0]).exp(), sum(x)];
    }),
  ).toMatchInlineSnapshot(`
    "loops mul(in0: float32, out0: float32 write; B)
    for f1 < B * 12 parallel {
      v0 = in0[f1] : float32
      v1 = mul v0 2 : float32
      out0[f1] = v1
    }

    loops add(in0: float32, in1: float32, out0: float32 write; B)
    for f0 < B * 4 parallel {
      for i2 < 3 parallel {
        v0 = in0[f0 * 3 + i2] : float32
        v1 = in1[i2] : float32
        v2 = add v0 v1 : float32
        out0[f0 * 3 + i2] = v2
      }
    }

    loops exp(in0: float32, out0: float32 write; B)
    for f0 < 12 parallel {
      for i2 < B parallel {
        v0 = in0[i2 * 12 + f0] : float32
        v1 = exp v0 : float32
        out0[i2 + B * f0] = v1
      }
    }

    loops sum(in0: float32, out0: float32 write; B)
    r0 = nothing : add of float32
    for f1 < B * 12 reduce {
      v0 = in0[f1] : float32
      r0 add= v0
    }
    v1 = r0 : float32
    out0[0] = v1"
  `);
});

test("what is computed behind padding is masked down to its loads", () => {
  const x = of([5]);
  const y = x
    .exp()
    .add(1)
    .pad({ lo: [1], hi: [2] })
    .mul(3);
  expect(alone(y, [x])).toMatchInlineSnapshot(`
    "loops mul(in0: float32, out0: float32 write)
    for i0 < 8 parallel {
      v0 = in0[i0 - 1] where 0 < i0 and i0 < 6 : float32
      v1 = exp v0 : float32
      v2 = add v1 1 : float32
      v3 = 0 < i0 and i0 < 6 : bool
      v4 = select v3 v2 0 : float32
      v5 = mul v4 3 : float32
      out0[i0] = v5
    }"
  `);
});

test("more operands than a view may have are still joined", () => {
  const text = kernels(() => [concat(Array.from({ length: 12 }, () => of([2])))]);
  expect(text.match(/select/g)).toHaveLength(11);
});

test("an unclaimed convolution is a product whose factor is read in place", () => {
  expect(
    kernels(
      () => {
        const padded = of(["B", 8, 8, 3]).pad({ lo: [0, 1, 1, 0], hi: [0, 1, 1, 0] });
        const factors = [windows(padded, { axes: [1, 2], size: 3 }), of([3, 3, 3, 5])];
        return [
          applyOp(dotOp, factors, {
            contract: [
              [4, 5, 3],
              [0, 1, 2],
            ],
          })[0]!.add(of([5])),
        ];
      },
      { templates },
    ),
  ).toMatchInlineSnapshot(`
    "dot dot+add(in0: float32, in1: float32, in2: float32, out0: float32 write; B)
    for batch < 1, row < B * 64, column < 5 {
      product = sum over k < 27 : float32 {
        v0 = in0[k floordiv 9 * 15 + row * 3 + k - 27] where k floordiv 9 + row floordiv 8 mod 8 < 9 and 0 < k floordiv 3 mod 3 + row mod 8 and k floordiv 3 mod 3 + row mod 8 < 9 and 0 < k floordiv 9 + row floordiv 8 mod 8 : float32
        v1 = k floordiv 9 + row floordiv 8 mod 8 < 9 and 0 < k floordiv 3 mod 3 + row mod 8 and k floordiv 3 mod 3 + row mod 8 < 9 and 0 < k floordiv 9 + row floordiv 8 mod 8 : bool
        v2 = select v1 v0 0 : float32
        a = v2
        v3 = in1[k * 5 + column] : float32
        b = v3
        b lies in in1 from 0 by 0, 1, 5
      }
      v4 = in2[column] : float32
      v5 = add product v4 : float32
      out0[row * 5 + column] = v5
    }"
  `);
});

test("a product is done by loops where there is no template, small integers wrap", () => {
  expect(kernels(() => [matmul(of([4, 6], "int8"), of([6, 3], "int8"))])).toMatchInlineSnapshot(`
    "loops dot(in0: int8, in1: int8, out0: int8 write)
    for i0 < 4 parallel {
      for i1 < 3 parallel {
        r0 = nothing : add of int32
        for j0 < 6 reduce {
          v0 = in0[i0 * 6 + j0] : int32
          v1 = in1[j0 * 3 + i1] : int32
          v2 = mul v0 v1 : int32
          r0 add= v2
        }
        v3 = r0 : int32
        v4 = wrap8 v3 : int32
        out0[i0 * 3 + i1] = v4
      }
    }"
  `);
});

test("a bias gradient is summed up on the way", () => {
  expect(
    kernels(
      () => {
        const y = matmul(of(["B", 6]), of([6, 3])).mul(of(["B", 3]));
        return [y, sum(y, { axis: 0 })];
      },
      { templates },
    ),
  ).toMatchInlineSnapshot(`
    "dot dot+mul+sum(in0: float32, in1: float32, in2: float32, out0: float32 write, out1: float32 write; B)
    for batch < 1, row < B, column < 3 {
      product = sum over k < 6 : float32 {
        v0 = in0[row * 6 + k] : float32
        a = v0
        a lies in in0 from 0 by 0, 6, 1
        v1 = in1[k * 3 + column] : float32
        b = v1
        b lies in in1 from 0 by 0, 1, 3
      }
      v2 = in2[row * 3 + column] : float32
      v3 = mul product v2 : float32
      out0[row * 3 + column] = v3
    }
    out1[column] = sum over rows of v3"
  `);
});

test("contracted axes are taken in an order in which a factor lies, whichever the product names first", () => {
  const contract = [
    [1, 0],
    [1, 0],
  ];
  // the gradient of a kernel: examples first in both, though the places are named before them
  const make = () => [
    applyOp(dotOp, [windows(of(["B", 5, 9]), { axes: [2], size: 3 }), of(["B", 5, 4])], { contract })[0]!,
  ];
  const [text] = kernelsOf(make, { templates });
  expect(text).toContain("b lies in in1 from 0 by 0, 1, 4");
});

test("a sort goes to its template, or counts what comes before", () => {
  const make = () => [argsort(of(["B", 6], "int32"))];
  expect(`${kernels(make, { templates })}\n\n${kernels(make)}`).toMatchInlineSnapshot(`
    "sort sort(in0: int32, out0: int32 write, out1: int32 write; B)
    for line < B sort place < 6 {
      v0 = in0[line * 6 + place] : int32
      out0[line * 6 + place] = sorted v0
      v1 = place : int32
      out1[line * 6 + place] = sorted v1
    }

    loops sort(in0: int32, out0: int32 write; B)
    for i0 < B parallel {
      for i1 < 6 parallel {
        r0 = nothing : add of int32
        v0 = in0[i0 * 6 + i1] : int32
        for j0 < 6 reduce {
          v1 = in0[i0 * 6 + j0] : int32
          v2 = lt v1 v0 : bool
          v3 = lt v0 v1 : bool
          v4 = j0 < i1 : bool
          v5 = not v3 : bool
          v6 = and v4 v5 : bool
          v7 = or v2 v6 : bool
          v8 = convert v7 : int32
          r0 add= v8
        }
        v9 = r0 : int32
        g0 in 0..5 = v9
        v10 = i1 : int32
        out0[i0 * 6 + g0] = v10
      }
    }"
  `);
});

test("each iteration of a scatter owns the entries that it updates", () => {
  expect(
    kernels(() =>
      applyOp(scatterOp, [of([7, 2], "uint8"), of(["B"], "int32"), of(["B", 2], "uint8")], { axis: 0, mode: "add" }),
    ),
  ).toMatchInlineSnapshot(`
    "loops scatter(out0: uint8 both, in0: uint8, in1: int32, in2: uint8; B)
    for i1 < 2 parallel {
      for i0 < 7 parallel {
        v0 = in0[i0 * 2 + i1] : uint32
        out0[i0 * 2 + i1] = v0
      }
      for j0 < B serial {
        v1 = in1[j0] : int32
        v2 = ge v1 0 : bool
        v3 = lt v1 7 : bool
        v4 = maximum v1 0 : int32
        v5 = minimum v4 6 : int32
        g0 in 0..6 = v5
        v6 = and v2 v3 : bool
        v7 = in2[j0 * 2 + i1] : uint32
        if v6 {
          v8 = out0[g0 * 2 + i1] : uint32
          v9 = add v8 v7 : uint32
          v10 = wrap8 v9 : uint32
          out0[g0 * 2 + i1] = v10
        }
      }
    }"
  `);
});

test("a fold gathers from the windows that an element is in", () => {
  expect(kernels(() => [fold(of([3, 2]), { axes: [0], dims: [4] })])).toMatchInlineSnapshot(`
    "loops fold(in0: float32, out0: float32 write)
    for i0 < 4 parallel {
      r0 = nothing : add of float32
      for j0 < 2 reduce {
        v0 = in0[i0 * 2 - j0] where i0 < j0 + 3 and j0 < i0 + 1 : float32
        v1 = i0 < j0 + 3 and j0 < i0 + 1 : bool
        v2 = select v1 v0 0 : float32
        r0 add= v2
      }
      v3 = r0 : float32
      out0[i0] = v3
    }"
  `);
});

test("indices that are counted stay index expressions", () => {
  const x = of([7, 4]);
  const indices = iota([5])
    .mul(constant(2, [5], "int32"))
    .sub(constant(1, [5], "int32"));
  expect(alone(applyOp(gatherOp, [x, indices], { axis: 0 })[0]!, [x])).toMatchInlineSnapshot(`
    "loops gather(in0: float32, out0: float32 write)
    for i0 < 5 parallel {
      v0 = i0 : int32
      v1 = i0 * 2 : int32
      v2 = i0 * 2 - 1 : int32
      v3 = i0 < 4 and 0 < i0 : bool
      for i1 < 4 parallel {
        v4 = in0[i0 * 8 + i1 - 4] where i0 < 4 and 0 < i0 : float32
        v5 = select v3 v4 0 : float32
        out0[i0 * 4 + i1] = v5
      }
    }"
  `);
});

test("tensors may begin anywhere in their buffers", () => {
  const x = of([4]);
  const trip = indexVariable("t", 0, 9);
  const y = x.neg();
  expect(alone(y, [x], { offsetOf: (t) => (t === y ? trip : constantIndex(8)) })).toMatchInlineSnapshot(`
    "loops neg(in0: float32, out0: float32 write; t)
    for i0 < 4 parallel {
      v0 = in0[i0 + 8] : float32
      v1 = neg v0 : float32
      out0[i0 + t] = v1
    }"
  `);
});

test("a chain of any length takes no stack", () => {
  const x = of([4]);
  let y = x;
  for (let n = 0; n < 20_000; n++) y = n % 2 === 0 ? y.sin() : y.reverse();
  expect(alone(y, [x]).match(/sin/g)).toHaveLength(10_000);
});

test("sums of counts are gathered like others", () => {
  const make = (): Tensor[] => [sum(iota([4, 3], 1, "float32"), { axis: 1 }).mul(of([4]))];
  expect(kernelsOf(make)).toHaveLength(1);
  expect(kernelsOf(make, { fusion: false })).toHaveLength(2);
});

test("a sum of another kernel must be stored", () => {
  const x = of([4, 3]);
  const total = sum(x, { axis: 1 });
  expect(() => alone(total.exp(), [x])).toThrowErrorMatchingInlineSnapshot(`
    [StateError E419 reduce: the result is wanted elsewhere than at the rows of a kernel that gathers it, and is not stored.
      result: float32 [4]]
  `);
});
