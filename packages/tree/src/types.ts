/** A nested value: a leaf, a list of trees, a record of trees, or `null`, the tree without leaves. */
export type Tree<L> = L | null | readonly Tree<L>[] | { readonly [key: string]: Tree<L> };

type AnyFunction = (...args: never[]) => unknown;

/**
 * Whether a type stands for a plain record. At run time the prototype decides; a type has none, so the rule is:
 * an object type with inferable keys (a type literal) is a record, and an interface is one unless it has a method.
 */
type IsRecord<T> = T extends { readonly [key: string]: unknown }
  ? true
  : T extends object
    ? [Extract<T[keyof T], AnyFunction>] extends [never]
      ? true
      : false
    : false;

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** The type of the leaves of `T`, as a union. A part that is `T` itself adds none: so ends the walk of a type such as `Tree<L>`. */
export type LeafOf<T, Whole = T> = unknown extends T
  ? unknown
  : T extends null
    ? never
    : T extends readonly (infer E)[]
      ? Same<E, Whole> extends true
        ? never
        : LeafOf<E>
      : IsRecord<T> extends true
        ? { [K in keyof T]-?: Same<T[K], Whole> extends true ? never : LeafOf<T[K]> }[keyof T]
        : T;

/** `T` with every leaf replaced by `U`; `Tree<L>` gives `Tree<U>`. Tuples stay tuples, and optional or readonly keys stay so. */
export type MapLeaves<T, U> =
  Same<T, Tree<LeafOf<T>>> extends true
    ? Tree<U>
    : T extends null
      ? null
      : T extends readonly unknown[]
        ? { [I in keyof T]: MapLeaves<T[I], U> }
        : IsRecord<T> extends true
          ? { [K in keyof T]: MapLeaves<T[K], U> }
          : U;
