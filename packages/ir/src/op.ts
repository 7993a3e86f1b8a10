import { type AttrKind, type AttrSchema, normalizeAttrs } from "./attrs.ts";
import type { Dim } from "./dim.ts";
import type { DType } from "./dtype.ts";
import { isRecord } from "./is-record.ts";
import { alignBatch, checkTensor, operandTensors, promote } from "./promote.ts";
import type {
  BatchTransforms,
  CallRegion,
  ConcreteType,
  DTypeClass,
  Elements,
  ForwardTransforms,
  NumericClass,
  Operand,
  OpRecord,
  ReverseTransforms,
} from "./record.ts";
import { registerOp } from "./registry.ts";
import { elementwiseType, failDType, inferTypes, namedOperands } from "./rule.ts";
import type { Shape, TensorType } from "./shape.ts";
import { announce, Node, Tensor } from "./tensor.ts";

/** Applies an op to tensors that already fit: no promotion, no broadcasting. */
export function applyOp(op: OpRecord, inputs: readonly Tensor[], given: object = {}): readonly Tensor[] {
  inputs.forEach((x, i) => {
    if (!(x instanceof Tensor)) checkTensor(op.name, Object.keys(namedOperands(op, inputs))[i] ?? `operand ${i}`, x);
  });
  const attrs = normalizeAttrs(op.name, op.attrs, given, inputs);
  const node = new Node(op, inputs, attrs, inferTypes(op, inputs, attrs));
  announce([node]);
  return node.outputs;
}

/** Operands as a tuple with one entry per name; `...xs` stands for any number. */
export type PerName<N extends readonly string[], T> = N extends readonly [
  infer H extends string,
  ...infer Rest extends readonly string[],
]
  ? H extends `...${string}`
    ? readonly T[]
    : readonly [T, ...PerName<Rest, T>]
  : readonly [];

export type AttrsOf<S extends AttrSchema> = { readonly [K in keyof S]: S[K] extends AttrKind<infer T> ? T : never };
export type ResultsOf<R extends readonly string[]> = R extends readonly [string] ? Tensor : PerName<R, Tensor>;
type OneOrMore<T> = T | readonly T[];

/** A function over tensors, with the record of its op. */
export type OpFunction<N extends readonly string[], A extends object = {}, R = Tensor> = ((
  ...args: [...PerName<N, Operand>, attrs?: Partial<A>]
) => R) & { readonly op: OpRecord };

export type Unary<A extends object = {}> = OpFunction<readonly ["x"], A>;
export type Binary<A extends object = {}> = OpFunction<readonly ["x", "y"], A>;

/** An op as its file states it. `type` or `shape` is required; `shape` means "the dtype of the first operand". */
export interface OpDefinition<N extends readonly string[], S extends AttrSchema, R extends readonly string[]> {
  readonly name: string;
  readonly version: number;
  readonly numeric: NumericClass;
  readonly inputs: N;
  /** Names of the results; one, `y`, by default. */
  readonly results?: R;
  readonly attrs?: S;
  type?(args: PerName<N, TensorType>, attrs: AttrsOf<S>): OneOrMore<TensorType>;
  shape?(args: PerName<N, TensorType>, attrs: AttrsOf<S>): Shape;
  run?(
    args: PerName<N, Elements>,
    attrs: any,
    results: readonly ConcreteType[],
    call: CallRegion,
  ): OneOrMore<Float64Array>;
  decompose?(args: PerName<N, Tensor>, attrs: AttrsOf<S>): OneOrMore<Tensor>;
  vjp?(
    args: PerName<N, Tensor>,
    results: readonly Tensor[] & PerName<R, Tensor>,
    cotangents: readonly Tensor[] & PerName<R, Tensor>,
    attrs: AttrsOf<S>,
    ad: ReverseTransforms,
  ): readonly (Tensor | null)[];
  jvp?(
    args: PerName<N, Tensor>,
    tangents: PerName<N, Tensor | null>,
    results: readonly Tensor[] & PerName<R, Tensor>,
    attrs: AttrsOf<S>,
    ad: ForwardTransforms,
  ): OneOrMore<Tensor | null>;
  readonly linear?: true | readonly string[] | ((attrs: AttrsOf<S>) => boolean);
  batch?(
    args: PerName<N, Tensor>,
    batched: PerName<N, boolean>,
    attrs: AttrsOf<S>,
    size: Dim,
    ad: BatchTransforms,
  ): OneOrMore<Tensor>;
  augment?(
    args: PerName<N, Tensor>,
    attrs: AttrsOf<S>,
    ad: ReverseTransforms,
  ): { readonly results: readonly Tensor[]; readonly residuals: readonly Tensor[] };
  /** Of an op with regions: `reverseTransforms`; ops of other packages have them without saying so. */
  readonly transforms?: OpRecord["transforms"];
  needs?(attrs: AttrsOf<S>): string | undefined;
  readonly row?: OpRecord["row"];
  readonly notDifferentiable?: string;
}

const listOf = <T>(value: OneOrMore<T>): readonly T[] => (Array.isArray(value) ? value : [value as T]);

/** The record of a definition, registered. */
export function opRecord<
  const N extends readonly string[],
  S extends AttrSchema = {},
  const R extends readonly string[] = readonly ["y"],
>(definition: OpDefinition<N, S, R>): OpRecord {
  const { type, shape, run, decompose, jvp, batch } = definition as OpDefinition<
    readonly string[],
    AttrSchema,
    readonly string[]
  >;
  return registerOp({
    ...(definition as object),
    name: definition.name,
    version: definition.version,
    numeric: definition.numeric,
    inputs: definition.inputs,
    kind: decompose === undefined ? "structural" : "composite",
    results: definition.results ?? ["y"],
    attrs: definition.attrs ?? {},
    type(args, attrs) {
      if (type !== undefined) return listOf(type(args as never, attrs as never));
      return [{ dtype: args[0]!.dtype, shape: shape!(args as never, attrs as never) }];
    },
    ...(run && { run: (args, attrs, results, call) => listOf<Float64Array>(run(args as never, attrs, results, call)) }),
    ...(decompose && { decompose: (args, attrs) => listOf(decompose(args as never, attrs as never)) }),
    ...(jvp && {
      jvp: (args, tangents, results, attrs, ad) =>
        listOf(jvp(args as never, tangents as never, results as never, attrs as never, ad)),
    }),
    ...(batch && {
      batch: (args, batched, attrs, size, ad) =>
        listOf(batch(args as never, batched as never, attrs as never, size, ad)),
    }),
  } satisfies OpRecord as OpRecord);
}

/** An op from its definition: a function that checks options, takes numbers for tensors, and records a node. */
export function defineOp<
  const N extends readonly string[],
  S extends AttrSchema = {},
  const R extends readonly string[] = readonly ["y"],
>(definition: OpDefinition<N, S, R>): OpFunction<N, AttrsOf<S>, ResultsOf<R>> {
  const op = opRecord(definition);
  const apply = (...given: unknown[]): unknown => {
    const options = takeOptions(op, given);
    const results = applyOp(op, operandTensors(op, given as Operand[]), options);
    return results.length === 1 && op.results.length === 1 ? results[0] : results;
  };
  return Object.assign(apply, { op }) as unknown as OpFunction<N, AttrsOf<S>, ResultsOf<R>>;
}

/**
 * The options that follow the operands, taken off the list. Where the op has any, what stands in their place and could be
 * meant as such is taken too, and refused as no record; otherwise it is one operand too many.
 */
function takeOptions({ inputs, attrs }: OpRecord, given: unknown[]): object {
  const last = given.at(-1);
  if (inputs.at(-1)?.startsWith("...") === true) return isRecord(last) ? (given.pop() as object) : {};
  if (given.length !== inputs.length + 1)
    return given.length > inputs.length && isRecord(last) ? (given.pop() as object) : {};
  if (last !== undefined && !isRecord(last) && (last instanceof Tensor || Object.keys(attrs).length === 0)) return {};
  return (given.pop() as object | undefined) ?? {};
}

/** An op applied to each element; its function broadcasts and promotes, its record demands equal types. */
export interface ScalarDefinition<N extends readonly string[], S extends AttrSchema> {
  readonly name: string;
  readonly version: number;
  readonly numeric: NumericClass;
  readonly inputs: N;
  readonly attrs?: S;
  /** Dtypes of the operands; floats by default. */
  readonly accepts?: DTypeClass;
  /** Class that the function promotes its operands to, where that is narrower than what the op accepts. */
  readonly promotes?: DTypeClass;
  /** Dtype of the result where it is not the operands'. */
  readonly result?: "bool" | ((attrs: AttrsOf<S>, operand: DType) => DType);
  /** So many leading operands are bool and keep out of promotion. */
  readonly predicates?: number;
  readonly rounds?: boolean;
  evaluate?(...args: any[]): number;
  integers?(...args: any[]): number;
  run?(args: readonly Elements[], attrs: any, results: readonly ConcreteType[]): Float64Array;
  decompose?(args: PerName<N, Tensor>, attrs: AttrsOf<S>): Tensor;
  derivatives?(args: PerName<N, Tensor>, y: Tensor, attrs: AttrsOf<S>): readonly (Operand | null)[];
  vjp?(
    args: PerName<N, Tensor>,
    results: readonly [Tensor],
    cotangents: readonly [Tensor],
    attrs: AttrsOf<S>,
  ): readonly (Tensor | null)[];
  jvp?(
    args: PerName<N, Tensor>,
    tangents: PerName<N, Tensor | null>,
    results: readonly [Tensor],
    attrs: AttrsOf<S>,
  ): Tensor | null;
  readonly row?: OpRecord["row"];
  readonly linear?: true | readonly string[] | ((attrs: AttrsOf<S>) => boolean);
}

export function defineScalar<const N extends readonly string[], S extends AttrSchema = {}>(
  scalar: ScalarDefinition<N, S>,
): OpFunction<N, AttrsOf<S>> {
  const {
    accepts: wanted = "float",
    promotes = wanted,
    predicates = 0,
    result,
    run,
    decompose,
    jvp,
  } = scalar as ScalarDefinition<readonly string[], AttrSchema>;
  const op: OpRecord = registerOp({
    ...(scalar as object),
    name: scalar.name,
    version: scalar.version,
    numeric: scalar.numeric,
    inputs: scalar.inputs,
    kind: decompose === undefined ? "scalar" : "composite",
    results: ["y"],
    attrs: scalar.attrs ?? {},
    type(args, attrs) {
      for (let i = 0; i < predicates; i++) {
        if (args[i]!.dtype !== "bool")
          failDType(
            `${scalar.inputs[i]} is ${args[i]!.dtype} where bool is wanted`,
            "compare it, for example x.notEqual(0)",
          );
      }
      const type = elementwiseType(args.slice(predicates), wanted, scalar.inputs.slice(predicates));
      for (let i = 0; i < predicates; i++)
        elementwiseType([{ dtype: type.dtype, shape: args[i]!.shape }, type], "any", [
          scalar.inputs[i]!,
          scalar.inputs[predicates]!,
        ]);
      return [
        {
          dtype: result === undefined ? type.dtype : result === "bool" ? "bool" : result(attrs as never, type.dtype),
          shape: type.shape,
        },
      ];
    },
    ...(run && { run: (args, attrs, results) => [run(args, attrs, results)] }),
    ...(decompose && { decompose: (args, attrs) => [decompose(args as never, attrs as never)] }),
    ...(jvp && {
      jvp: (args, tangents, results, attrs) => [
        jvp(args as never, tangents as never, results as never, attrs as never),
      ],
    }),
    batch: (args, batched, attrs, size) =>
      applyOp(op, promote(op, alignBatch(args, batched, size), "any", predicates), attrs),
  } satisfies OpRecord as OpRecord);
  const apply = (...given: unknown[]): unknown => {
    const options = takeOptions(op, given);
    return applyOp(op, promote(op, given as Operand[], promotes, predicates), options)[0];
  };
  return Object.assign(apply, { op }) as unknown as OpFunction<N, AttrsOf<S>>;
}
