import {
  addIndex,
  type Block,
  type ClaimedKernel,
  type ClaimedResult,
  flattened,
  type GivenValue,
  type Index,
  type IndexVariable,
  indexAxis,
  indexVariable,
  KernelWriter,
  lessThan,
  multiplyIndex,
  type Statement,
  type Strided,
  subtractIndex,
  type Value,
} from "@tenon/lowering";
import type { Finish } from "./dot-epilogue.ts";

export interface AttentionAttrs {
  readonly scale: number;
  readonly causal: boolean;
  readonly mask: boolean;
  readonly bias: boolean;
}

/** What decompositions take for a score that is not to be seen: the lowest finite number. */
export const LOWEST = -3.4028234663852886e38;

/** Sizes and variables of the scores of a claimed attention, whose operands begin with q, k and v. */
export interface Attention {
  readonly attrs: AttentionAttrs;
  readonly operands: readonly [q: Strided, k: Strided, v: Strided];
  readonly sizes: Readonly<Record<"examples" | "queries" | "heads" | "keys" | "keyHeads" | "depth" | "width", Index>>;
  /** A head of an example, both taken as one. */
  readonly head: IndexVariable;
  readonly example: Index;
  readonly headOfExample: Index;
  readonly query: IndexVariable;
  readonly key: IndexVariable;
  /** What stands behind the other operands. */
  readonly extras: readonly Strided[];
}

/** An axis as a variable; of a single place there is one that stands in no expression. */
export const variable = (name: string, size: Index): IndexVariable => {
  const axis = indexAxis(name, size);
  return (axis.kind === "variable" ? axis : indexVariable(name, 0, 1)) as IndexVariable;
};

/** What is done with the elements of a result of which queries or keys are rows, as an epilogue of a product. */
export const finishOf = (
  { given: product }: ClaimedResult,
  epilogue: Finish["epilogue"],
  axes: Pick<Finish, "batch" | "row" | "column">,
): Finish => ({ type: "float32", epilogue, product, columnSums: [], ...axes });

export function attentionOf({ inputs, attrs }: ClaimedKernel): Attention {
  const own = attrs as unknown as AttentionAttrs;
  const [q, k, v] = inputs as readonly [Strided, Strided, Strided];
  const [examples, queries, heads, depth] = q.sizes as readonly [Index, Index, Index, Index];
  const sizes = { examples, queries, heads, depth, keys: k.sizes[1]!, keyHeads: k.sizes[2]!, width: v.sizes[3]! };
  const { variable: head, index } = flattened("head", [examples, heads]);
  return {
    ...{ attrs: own, operands: [q, k, v], sizes, head, example: index[0]!, headOfExample: index[1]! },
    query: variable("query", addIndex(queries, 7)), // a vector of queries may reach beyond the last
    key: variable("key", sizes.keys),
    extras: inputs.slice(inputs.length - Number(own.mask) - Number(own.bias)),
  };
}

/** A computation on one score. */
export interface OnScore extends Block {
  readonly given: GivenValue;
  /** The largest score of the query, or the logarithm of its sum. */
  readonly top: GivenValue;
}

/** The score that a product becomes: scaled, with its bias, and the lowest number where it is not seen. */
export function shownScore(of: Attention): OnScore {
  return onScore((writer, given) => {
    const { attrs, extras } = of;
    const scaled = writer.alu("mul", [given, writer.constant("float32", attrs.scale)]);
    const bias = attrs.bias ? extra(writer, of, extras.at(-1)!) : undefined;
    const score = bias === undefined ? scaled : writer.alu("add", [scaled, bias]);
    const seen = seenBy(writer, of);
    return seen === undefined ? score : writer.alu("select", [seen, score, writer.constant("float32", LOWEST)]);
  });
}

/** The exponential of a score less the top, and nothing where it is not seen. */
export function shareOf(of: Attention): OnScore {
  return onScore((writer, given, top) => {
    const share = writer.alu("exp", [writer.alu("sub", [given, top])]);
    const seen = seenBy(writer, of);
    return seen === undefined ? share : writer.alu("select", [seen, share, writer.constant("float32", 0)]);
  });
}

/** What the derivative makes of products: of query and key, and of the result's cotangent and value. */
export interface SharesAgain {
  readonly statements: readonly Statement[];
  readonly score: GivenValue;
  readonly cotangent: GivenValue;
  readonly logarithm: GivenValue;
  readonly delta: GivenValue;
  readonly share: Value;
  /** The cotangent of the score, times the scale. */
  readonly change: Value;
}

export function sharesAgain(of: Attention): SharesAgain {
  const writer = new KernelWriter();
  const given = () => writer.given("float32");
  const [score, cotangent, logarithm, delta] = [given(), given(), given(), given()];
  const scale = writer.constant("float32", of.attrs.scale);
  const scaled = writer.alu("mul", [score, scale]);
  const whole = of.attrs.bias ? writer.alu("add", [scaled, extra(writer, of, of.extras.at(-1)!)]) : scaled;
  const seen = seenBy(writer, of);
  // what is not seen may be far above the sum, and overflow
  const shown = seen === undefined ? whole : writer.alu("select", [seen, whole, logarithm]);
  const all = writer.alu("exp", [writer.alu("sub", [shown, logarithm])]);
  const share = seen === undefined ? all : writer.alu("select", [seen, all, writer.constant("float32", 0)]);
  const change = writer.alu("mul", [writer.alu("mul", [share, writer.alu("sub", [cotangent, delta])]), scale]);
  return { statements: writer.statements, score, cotangent, logarithm, delta, share, change };
}

function onScore(write: (writer: KernelWriter, given: GivenValue, top: GivenValue) => Value): OnScore {
  const writer = new KernelWriter();
  const [given, top] = [writer.given("float32"), writer.given("float32")];
  return { given, top, ...writer.block(write(writer, given, top)) };
}

/** Whether the query sees the key; undefined where every query sees every key. */
function seenBy(writer: KernelWriter, of: Attention): Value | undefined {
  const { attrs, extras, query, key, sizes } = of;
  const open = attrs.mask ? extra(writer, of, extras[0]!) : undefined;
  if (!attrs.causal) return open;
  const reach = addIndex(query, subtractIndex(sizes.keys, sizes.queries));
  const early = writer.test(lessThan(key, addIndex(reach, 1)));
  return open === undefined ? early : writer.alu("and", [open, early]);
}

/** An element of a mask or a bias, which is the same along axes of size 1. */
function extra(writer: KernelWriter, { example, headOfExample, query, key }: Attention, of: Strided): Value {
  const index = [example, headOfExample, query, key];
  const address = addIndex(of.start, ...index.map((x, axis) => multiplyIndex(x, of.strides[axis]!)));
  return writer.load(of.slot, address);
}
