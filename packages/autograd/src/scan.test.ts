import { evaluateTensors } from "@tenon/interpreter";
import {
  constant,
  dimSymbol,
  type Fn,
  input,
  matmul,
  scan,
  spec,
  stack,
  stopGradient,
  type Tensor,
  topologicalOrder,
} from "@tenon/ir";
import { expect, test } from "vitest";
import { grad, jvp, valueAndGrad } from "./grad.ts";
import { hessian } from "./jacobian.ts";
import { refusal } from "./refusal.test-kit.ts";
import { vmap } from "./vmap.ts";

const valueOf = (tensor: Tensor) => [...evaluateTensors([tensor])[0]!.data];
const close = (a: readonly number[], b: readonly number[]) => {
  expect(a.length).toBe(b.length);
  a.forEach((x, i) => {
    expect(x).toBeCloseTo(b[i]!, 12);
  });
};
/** Numbers between −1 and 1. */
const values = (shape: readonly number[]) =>
  constant(
    Array.from({ length: shape.reduce((n, d) => n * d, 1) }, (_, i) => Math.sin(7 * i + 1)),
    shape,
  );
const scansIn = (tensors: readonly Tensor[]) =>
  topologicalOrder(tensors).filter((node) => node.op.name === "scan" && node.attrs.reverse === false).length;

type Loop = (w: Tensor, h: Tensor, xs: Tensor) => Tensor;

/** h ← tanh(w·h + x), y = h² at each step; a number that depends on the last h and on every y. */
const looped =
  (reverse: boolean): Loop =>
  (w, h, xs) => {
    const { carry, ys } = scan(
      ([h], [x]) => {
        const next = w.mul(h!).add(x!).tanh();
        return [[next], [next.square()]];
      },
      [h],
      [xs],
      { reverse },
    );
    return ys[0]!
      .mul(constant([1, 2, 3]))
      .sum()
      .add(carry[0]!);
  };

/** The same, written out. */
const unrolled =
  (reverse: boolean): Loop =>
  (w, h, xs) => {
    const ys: Tensor[] = [];
    for (const at of reverse ? [2, 1, 0] : [0, 1, 2]) {
      h = w
        .mul(h)
        .add(xs.sliceAxis(0, at, at + 1).reshape([]))
        .tanh();
      ys[at] = h.square();
    }
    return stack(ys)
      .mul(constant([1, 2, 3]))
      .sum()
      .add(h);
  };

const args = [constant(0.5), constant(-0.25), constant([0.1, 0.7, -0.3])] as const;

test.each([false, true])("a loop has the gradients of the loop written out (reverse: %s)", (reverse) => {
  const options = { argnums: [0, 1, 2] } as const;
  const [value, gradients] = valueAndGrad(looped(reverse), options)(...args);
  const [wanted, wantedGradients] = valueAndGrad(unrolled(reverse), options)(...args);
  close(valueOf(value), valueOf(wanted));
  gradients.forEach((g, i) => {
    close(valueOf(g), valueOf(wantedGradients[i]!));
  });
});

test("forward mode, second order, and mapping over examples agree with the loop written out", () => {
  const [loop, plain] = [looped(false), unrolled(false)];
  const tangents = [constant(1), constant(2), constant([1, -1, 3])] as [Tensor, Tensor, Tensor];
  close(valueOf(jvp(loop, [...args], tangents)[1]), valueOf(jvp(plain, [...args], tangents)[1]));
  const inXs = (f: Loop) => (xs: Tensor) => f(args[0], args[1], xs);
  close(valueOf(hessian(inXs(loop))(args[2])), valueOf(hessian(inXs(plain))(args[2])));
  const twice = (f: Loop) => grad((w: Tensor) => grad(f)(w, args[1], args[2]));
  close(valueOf(twice(loop)(args[0])), valueOf(twice(plain)(args[0])));
  const many = (f: Loop) => vmap(grad(f, { argnums: [0, 2] }), { inAxes: [0, null, 1] });
  const [ws, xss] = [constant([0.5, -1]), constant([0.1, 0.2, 0.7, -0.6, -0.3, 0.4]).reshape([3, 2])];
  many(loop)(ws, args[1], xss).forEach((g, i) => {
    close(valueOf(g), valueOf(many(plain)(ws, args[1], xss)[i]!));
  });
});

test("value and gradient together run one forward loop and one backward", () => {
  const [value, gradients] = valueAndGrad(looped(false), { argnums: [0, 1, 2] })(...args);
  expect(scansIn([value, ...gradients])).toBe(1);
  expect(topologicalOrder([value, ...gradients]).filter((node) => node.op.name === "scan").length).toBe(2);
});

test("constants of the loop are read by the backward loop as they are, and stacked nowhere", () => {
  const w = constant(new Array(9).fill(0.1)).reshape([3, 3]);
  const gradient = grad((w: Tensor) => {
    const { carry } = scan(([h]) => [[w.transpose().matmul(h!).tanh()], []], [constant([1, 2, 3])], [], { length: 5 });
    return carry[0]!.sum();
  })(w);
  const stacks = topologicalOrder([gradient])
    .filter((node) => node.op.name === "scan")
    .flatMap((node) => node.results);
  expect(stacks.map(({ shape }) => shape.join("×"))).toEqual(["3", "5×3", "5×3", "3", "5×3"]);
});

/** The body of the loop that goes backwards, and the products behind it. */
const backwardLoop = (gradients: readonly Tensor[]) => {
  const order = topologicalOrder(gradients);
  const loop = order.find((node) => node.op.name === "scan" && node.attrs.reverse === true)!;
  return {
    results: loop.results.map(({ shape }) => shape.join("×")),
    body: topologicalOrder((loop.attrs.body as Fn).results).map((node) => node.op.name),
    after: order.slice(order.indexOf(loop) + 1).map((node) => node.op.name),
  };
};

test("where each step adds a product to a constant's cotangent, one product after the loop does", () => {
  const args = [values([3, 3]), values([3]), values([2, 3]), values([5, 2, 3])] as [Tensor, Tensor, Tensor, Tensor];
  const step = (w: Tensor, b: Tensor, h: Tensor, x: Tensor) => matmul(h, w).add(b).tanh().add(x.mul(0.5));
  const loop = (w: Tensor, b: Tensor, h: Tensor, xs: Tensor) =>
    scan(([h], [x]) => [[step(w, b, h!, x!)], []], [h], [xs])
      .carry[0]!.square()
      .sum();
  const plain = (w: Tensor, b: Tensor, h: Tensor, xs: Tensor) =>
    [0, 1, 2, 3, 4]
      .reduce((h, i) => step(w, b, h, xs.sliceAxis(0, i, i + 1).reshape([2, 3])), h)
      .square()
      .sum();
  const options = { argnums: [0, 1] } as const;
  const gradients = grad(loop, options)(...args);
  const { results, body, after } = backwardLoop(gradients);
  expect(results).toEqual(["2×3", "2×3", "5×2×3"]); // the carry's cotangent, the bias's sum, a factor of each step
  expect(body.filter((name) => name === "dot").length).toBe(1);
  expect(after.filter((name) => name === "dot").length).toBe(1);
  grad(
    plain,
    options,
  )(...args).forEach((g, i) => {
    close(valueOf(gradients[i]!), valueOf(g));
  });
});

test("what arithmetic makes of values that are kept is not kept beside them", () => {
  const loop = (h: Tensor) => scan(([h]) => [[h!.sigmoid().mul(h!)], []], [h], [], { length: 4 }).carry[0]!;
  const forward = topologicalOrder([grad(loop)(constant(0.3))]).find((node) => node.op.name === "scan")!;
  expect(forward.results.map(({ shape }) => shape.join("×"))).toEqual(["", "4", "4"]); // the sigmoid and h, not its slope
});

test("a carry that does not depend on what is differentiated has no cotangent", () => {
  const gradient = grad((x: Tensor) => {
    const step = ([count, h]: Tensor[]) => [[count!.add(1), h!.mul(count!)], []] as const;
    return scan(step, [constant(1), x], [], { length: 3 }).carry[1]!;
  })(constant(2));
  const backward = topologicalOrder([gradient]).filter(
    (node) => node.op.name === "scan" && node.attrs.reverse === true,
  );
  expect(backward[0]!.results.length).toBe(1);
  expect(valueOf(gradient)).toEqual([6]);
});

test("a loop of no steps hands its carry and its cotangent through", () => {
  const f = (h: Tensor, xs: Tensor) => scan(([h], [x]) => [[h!.mul(x!)], []], [h], [xs]).carry[0]!;
  const [value, gradients] = valueAndGrad(f, { argnums: [0, 1] })(constant(3), constant([], [0]));
  expect([valueOf(value), ...gradients.map(valueOf)]).toEqual([[3], [1], []]);
});

test("integers go round a loop without a cotangent", () => {
  const f = (x: Tensor, picks: Tensor) =>
    scan(
      ([sum, step], [pick]) => [[sum!.add(x.mul(pick!.mul(step!).cast("float32"))), step!.add(1)], []],
      [constant(0), constant(1, [], "int32")],
      [picks],
    ).carry[0]!;
  expect(valueOf(grad(f)(constant(2), constant([3, 4, 5], [3], "int32")))).toEqual([3 + 8 + 15]);
});

test("a loop inside a loop is differentiated", () => {
  const power = (x: Tensor) => scan(([p]) => [[p!.mul(x)], []], [constant(1)], [], { length: 3 }).carry[0]!; // x³
  const f = (x: Tensor) => scan(([s]) => [[s!.add(power(x))], []], [constant(0)], [], { length: 4 }).carry[0]!;
  expect(valueOf(grad(f)(constant(2)))).toEqual([48]); // (4·x³)′
  expect(valueOf(grad(grad(f))(constant(2)))).toEqual([48]); // 24·x
});

test("a body that does not fit is refused", () => {
  const x = input({ dtype: "float32", shape: [3] });
  expect(refusal(() => scan(() => [[x], []], [constant(0)], [x]))).toMatchInlineSnapshot(`
    "ShapeError E202 scan: carry 0 of body is float32 [3] where float32 [] is wanted.
      args[0]: float32 []
      args[1]: float32 [3]
      args[2]: float32 [3]"
  `);
  expect(refusal(() => scan(([h]) => [[h!, h!], []], [constant(0)], [x]))).toMatchInlineSnapshot(`
    "StateError E404 scan: the body returns 2 carries, not 1.
      fix: return as many carries as init has, in its order."
  `);
  expect(refusal(() => scan(([h]) => h as never, [constant(0)], [x]))).toMatchInlineSnapshot(`
    "StateError E404 scan: the body returns Tensor(float32 []), which is no pair of lists.
      fix: return [carry, ys], two lists of tensors."
  `);
  expect(refusal(() => scan(([h]) => [[h!], []], [constant(0)]))).toMatchInlineSnapshot(`
    "OptionError E802 scan: length is missing.
      fix: give length, or xs with a leading axis."
  `);
  expect(refusal(() => scan(([h]) => [[h!], []], [constant(0)], [x], { length: 4 }))).toMatchInlineSnapshot(`
    "ShapeError E203 scan: operand 1 has 3 slices but length is 4.
      args[0]: float32 []
      args[1]: float32 [3]"
  `);
});

test("a loop over a named size is differentiated as it is", () => {
  const xs = input(spec([dimSymbol("B"), 2]));
  const gradient = grad((w: Tensor, xs: Tensor) => {
    const { carry } = scan(([h], [x]) => [[w.mul(h!).add(x!)], []], [constant([0, 0])], [xs]);
    return carry[0]!.sum();
  })(constant(2), xs);
  const point = { dtype: "float32" as const, shape: [3, 2], data: Float64Array.of(1, 0, 10, 0, 100, 1) };
  // Σ (w²·x₀ + w·x₁ + x₂), so 2·w·Σ x₀ + Σ x₁
  expect([...evaluateTensors([gradient], new Map([[xs, point]]))[0]!.data]).toEqual([14]);
});

test("forward mode computes values and tangents in one loop", () => {
  const [y, dy] = jvp(looped(false), [...args], [...args]);
  expect(scansIn([y, dy])).toBe(1);
});

test("a loop whose derivative is not taken stays as it is", () => {
  const f = (w: Tensor) => stopGradient(looped(false)(w, args[1], args[2])).mul(w);
  const [scan] = topologicalOrder([...valueAndGrad(f)(args[0])]).filter((node) => node.op.name === "scan");
  expect(scan!.results.length).toBe(2);
});
