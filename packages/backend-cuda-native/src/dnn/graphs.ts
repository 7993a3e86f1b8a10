import { Description, type GraphTensor, refers } from "./description.ts";
import type { AttentionProblem, PlacedArray } from "./problem.ts";
import { attributes as a, descriptors as d, dataTypeOf, dataTypes, modes, reductions, types } from "./values.ts";

/** Versions of cuDNN, as it tells its own. */
const FUSED = 91_301;
const FUSED_PARTS = 92_100;
const INFINITE_MASK = 91_000;

const LOWEST = -3.4028234663852886e38; // of the finite float32 values

/** A way to tell the library of an attention: a graph, and what it is called. */
export interface AttentionGraph {
  readonly name: string;
  readonly numbers: Float64Array;
}

/**
 * How a version of the library may be told of an attention, in the order in which NVIDIA's own frontend prefers them: as one operation
 * where that has all that is wanted, and as the operations that its engines know together.
 */
export function graphsOf(problem: AttentionProblem, version: number): readonly AttentionGraph[] {
  const composed = { name: "as operations", numbers: composedGraph(problem, version) };
  if (version < (problem.causal ? FUSED_PARTS : FUSED)) return [composed];
  return [{ name: "as one operation", numbers: fusedGraph(problem, version) }, composed];
}

interface Operands {
  readonly q: GraphTensor;
  readonly k: GraphTensor;
  readonly v: GraphTensor;
  readonly y: GraphTensor;
  readonly lse: GraphTensor | undefined;
}

function operandsOf(graph: Description, { dtype, q, k, v, y, lse }: AttentionProblem, turned: boolean): Operands {
  const type = dataTypeOf[dtype]!;
  const operand = ({ sizes, strides }: PlacedArray) => graph.operand(type, sizes, strides);
  const flip = ([b, h, s, d]: readonly number[]) => [b!, h!, d!, s!];
  return {
    q: operand(q),
    k: operand(turned ? { ...k, sizes: flip(k.sizes), strides: flip(k.strides) } : k),
    v: operand(v),
    y: operand(y),
    lse: lse && graph.operand(dataTypes.FLOAT, lse.sizes, lse.strides),
  };
}

/** Of the scores: a number for each query and key. */
const scoreSizes = ({ q, k }: AttentionProblem): readonly number[] => [...q.sizes.slice(0, 3), k.sizes[2]!];

/**
 * Scores, scaled and masked, their shares by the greatest of each row and the sum of exponentials, and the product with the values. Shares
 * have the operands' type, since tensor cores multiply them. (NVIDIA, cuDNN, "Graph API", "Flash Fused Multi-Head Att Fprop".)
 */
function composedGraph(problem: AttentionProblem, version: number): Float64Array {
  const graph = new Description();
  const { q, k, v, y, lse } = operandsOf(graph, problem, true);
  const sizes = scoreSizes(problem);
  const operations: number[] = [];
  const full = (type: number = dataTypes.FLOAT) => graph.virtual(type, sizes);
  const rows = () => graph.virtual(dataTypes.FLOAT, [...sizes.slice(0, 3), 1]);
  const pointwise = (
    mode: keyof typeof modes,
    operands: readonly GraphTensor[],
    result: GraphTensor,
    options: { readonly precision?: number; readonly axis?: number } = {},
  ): GraphTensor => {
    operations.push(graph.pointwise(mode, operands, result, options));
    return result;
  };
  const reduced = (operator: keyof typeof reductions, x: GraphTensor): GraphTensor => {
    const result = rows();
    operations.push(graph.reduction(reductions[operator], x, result));
    return result;
  };

  const products = full();
  operations.push(graph.matmul(q, k, products));
  let scores = pointwise("MUL", [products, graph.scalar(problem.scale)], full());
  if (problem.causal) {
    const row = pointwise("GEN_INDEX", [scores], full(dataTypes.INT32), { axis: 2 });
    const column = pointwise("GEN_INDEX", [scores], full(dataTypes.INT32), { axis: 3 });
    const precision = dataTypes.BOOLEAN;
    const seen = pointwise("CMP_GE", [row, column], full(dataTypes.BOOLEAN), { precision });
    const hidden = graph.scalar(version < INFINITE_MASK ? LOWEST : Number.NEGATIVE_INFINITY);
    scores = pointwise("BINARY_SELECT", [scores, hidden, seen], full());
  }
  const top = reduced("MAX", scores);
  const powers = pointwise("EXP", [pointwise("SUB", [scores, top], full())], full());
  const total = reduced("ADD", powers);
  // by which the engines know an attention, whether somebody wants it or not
  pointwise("ADD", [top, pointwise("LOG", [total], rows())], lse ?? rows());
  const shares = pointwise("DIV", [powers, total], full(dataTypeOf[problem.dtype]!));
  operations.push(graph.matmul(shares, v, y));
  graph.graph(operations);
  return graph.numbers();
}

/**
 * The one operation. What is done with the scores on the way is a graph of its own, and the logarithms of sums come from its softmax,
 * since version 9.21; before, it has no masks, and the logarithms are a result of its own.
 */
function fusedGraph(problem: AttentionProblem, version: number): Float64Array {
  const graph = new Description();
  const { q, k, v, y, lse } = operandsOf(graph, problem, false);
  const full = () => graph.virtual(dataTypes.FLOAT, scoreSizes(problem));
  const attributes = [
    refers(a.OPERATION_SDPA_FWD_QDESC, q.descriptor),
    refers(a.OPERATION_SDPA_FWD_KDESC, k.descriptor),
    refers(a.OPERATION_SDPA_FWD_VDESC, v.descriptor),
    refers(a.OPERATION_SDPA_FWD_ODESC, y.descriptor),
    refers(a.OPERATION_SDPA_FWD_SCALEDESC, graph.scalar(problem.scale).descriptor),
  ];
  if (problem.causal) {
    const [scores, masked] = [full(), full()];
    const mask = graph.add(d.OPERATION_DIAGONAL_BAND_MASK, [
      refers(a.OPERATION_DIAGONAL_BAND_MASK_XDESC, scores.descriptor),
      refers(a.OPERATION_DIAGONAL_BAND_MASK_BDESC, graph.scalar(Number.NEGATIVE_INFINITY).descriptor),
      refers(a.OPERATION_DIAGONAL_BAND_MASK_YDESC, masked.descriptor),
      [a.OPERATION_DIAGONAL_BAND_MASK_COMPARISON_MODE, types.POINTWISE_MODE, modes.CMP_GE],
    ]);
    attributes.push(
      refers(a.OPERATION_SDPA_FWD_SUBGRAPH, graph.graph([mask])),
      [a.OPERATION_SDPA_FWD_SUBGRAPH_INPUT_UID, types.INT64, scores.id],
      [a.OPERATION_SDPA_FWD_SUBGRAPH_OUTPUT_UID, types.INT64, masked.id],
    );
  }
  if (lse !== undefined && version < FUSED_PARTS)
    attributes.push(refers(a.OPERATION_SDPA_FWD_STATSDESC, lse.descriptor));
  else if (lse !== undefined) {
    const softmax = graph.add(d.OPERATION_SOFTMAX, [
      refers(a.OPERATION_SOFTMAX_XDESC, full().descriptor),
      refers(a.OPERATION_SOFTMAX_YDESC, full().descriptor),
      refers(a.OPERATION_SOFTMAX_STATS_DESC, lse.descriptor),
    ]);
    attributes.push(refers(a.OPERATION_SDPA_FWD_SOFTMAX_DESC, softmax));
  }
  graph.graph([graph.add(d.OPERATION_SDPA_FWD, attributes)]);
  return graph.numbers();
}
