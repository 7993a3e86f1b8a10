import {
  checkFunction,
  checkOptions,
  type Dim,
  equal,
  iota,
  OptionError,
  type Shape,
  ShapeError,
  sizeOf,
  Tensor,
  valueText,
} from "@tenon/ir";
import { grad, jvp, vjp } from "./grad.ts";
import { vmap } from "./vmap.ts";

export interface JacobianOptions {
  /** `reverse` costs one sweep per element of the result, `forward` one per element of the argument; reverse by default. */
  readonly mode?: "reverse" | "forward";
}

/** `∂y_i/∂x_j` of a function from one tensor to one tensor, as a function. The shape is that of `y`, then that of `x`. */
export function jacobian(f: (x: Tensor) => Tensor, options: JacobianOptions = {}): (x: Tensor) => Tensor {
  checkFunction("jacobian", "f", f);
  checkOptions("jacobian", options, ["mode"]);
  const { mode = "reverse" } = options;
  if (mode !== "reverse" && mode !== "forward") {
    throw new OptionError("E803", "jacobian", `mode is ${valueText(mode)}, which is not one of reverse, forward`);
  }
  return (x) => {
    checkTensor("jacobian", "the argument", x);
    if (mode === "forward") {
      const columns = vmap((dx: Tensor) => jvp(f, [x], [dx])[1], { outAxes: -1 })(basis(x));
      return columns.reshape([...columns.shape.slice(0, -1), ...x.shape]);
    }
    const [y, pullback] = vjp(f, x);
    checkTensor("jacobian", "the result", y);
    const rows = vmap((dy: Tensor) => pullback(dy)[0])(basis(y));
    return rows.reshape([...y.shape, ...x.shape]);
  };
}

/** `∂²f/∂x_i∂x_j` of a function from one tensor to one float, as a function: forward mode over reverse mode. */
export function hessian(f: (x: Tensor) => Tensor): (x: Tensor) => Tensor {
  return jacobian(grad(f), { mode: "forward" });
}

/** Every tensor of this type that is 1 in one place and 0 elsewhere, along a leading axis. */
function basis({ dtype, shape }: { readonly dtype: Tensor["dtype"]; readonly shape: Shape }): Tensor {
  const size: Dim = sizeOf(shape);
  const square = [size, size];
  return equal(iota(square, 0), iota(square, 1))
    .cast(dtype)
    .reshape([size, ...shape]);
}

function checkTensor(op: string, what: string, x: unknown): void {
  if (x instanceof Tensor) return;
  throw new ShapeError("E206", op, `${what} is no single tensor`, { fix: "write the function over one tensor" });
}
