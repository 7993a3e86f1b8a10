import * as autograd from "@tenon/autograd";
import { Beside, type Cotangents, type CustomOptions, type VmapOptions } from "@tenon/autograd";
import { checkFunction } from "@tenon/ir";
import { inFrame, OverlayFrame } from "./frame.ts";

/** `f` for a transform that lets assignments through: what `f` assigns to Variables is assigned outside, as values. */
export function assigning<A extends readonly unknown[], Y>(f: (...args: A) => Y): (...args: A) => Y {
  const besides = (...args: A): Beside => {
    const frame = new OverlayFrame(new Map());
    const y = inFrame(frame, () => f(...args));
    const written = [...frame.writes];
    return new Beside(
      y,
      written.map(([, value]) => value),
      (values) => {
        written.forEach(([v], i) => {
          frame.writeOutside(v, values[i]!);
        });
      },
    );
  };
  return besides as unknown as (...args: A) => Y;
}

/** `f` for a transform in which an assignment has no one value. */
function refusing<A extends readonly unknown[], Y>(transform: string, f: (...args: A) => Y): (...args: A) => Y {
  checkFunction(transform, "f", f);
  return (...args) => inFrame(new OverlayFrame(new Map(), transform), () => f(...args));
}

/**
 * `f(...primals)`, and the function that takes cotangents of the result to cotangents of the primals, `dx = Jᵀ·dy`.
 * Arguments and result are tensors or trees of them; integers have zero cotangents. What `f` assigns is assigned.
 */
export function vjp<A extends readonly unknown[], Y>(
  f: (...args: A) => Y,
  ...primals: A
): [y: Y, pullback: (cotangents: Y) => A] {
  checkFunction("vjp", "f", f);
  return autograd.vjp(assigning(f), ...primals);
}

/** `f(...primals)` and its change along `tangents`, `dy = J·dx`. What `f` assigns is assigned. */
export function jvp<A extends readonly unknown[], Y>(
  f: (...args: A) => Y,
  primals: A,
  tangents: A,
): [y: Y, tangent: Y] {
  checkFunction("jvp", "f", f);
  return autograd.jvp(assigning(f), primals, tangents);
}

/**
 * `f`, of which reverse mode keeps nothing but the arguments: when its derivative is needed it is computed once more.
 * Tensors and Variables from outside may be read, and what `f` assigns, running statistics for example, is assigned.
 */
export function checkpoint<A extends readonly unknown[], Y>(f: (...args: A) => Y): (...args: A) => Y {
  checkFunction("checkpoint", "f", f);
  return autograd.checkpoint(assigning(f));
}

/** `f`, written for one example, over many at once, along `inAxes` of its arguments. It may not assign Variables. */
export function vmap<A extends readonly unknown[], Y>(
  f: (...args: A) => Y,
  options: VmapOptions = {},
): (...args: A) => Y {
  return autograd.vmap(refusing("vmap", f), options);
}

/** `∂²f/∂x_i∂x_j` of a function from one tensor to one float, as a function. It may not assign Variables. */
export function hessian(f: Parameters<typeof autograd.hessian>[0]): ReturnType<typeof autograd.hessian> {
  return autograd.hessian(refusing("hessian", f));
}

/**
 * `f` with a derivative of its own: `vjp(args, y, dy)` gives the cotangents of the arguments from the result and its
 * cotangent. Both use nothing but their arguments and constants, and may not assign Variables.
 */
export function customGradient<A extends readonly unknown[], Y>(
  f: (...args: A) => Y,
  vjp: (args: A, y: Y, dy: Y) => Cotangents<A>,
  options: CustomOptions = {},
): (...args: A) => Y {
  return autograd.customGradient(refusing("customGradient", f), refusing("customGradient", vjp), options);
}
