import { attributes as a, descriptors as d, dataTypes, heuristics, modes, type reductions, types } from "./values.ts";

/** A tensor of a graph: its descriptor's number, and its id. */
export interface GraphTensor {
  readonly descriptor: number;
  readonly id: number;
  readonly sizes: readonly number[];
}

/** An attribute: name, type, values. */
export type Attribute = readonly [name: number, type: number, ...values: readonly number[]];

/** Bytes that everything in memory is aligned to: what tensor cores are given 16 bytes at a time. */
export const ALIGNED = 16;

/** Steps of an array whose elements lie side by side, the last axis first. */
export const packed = (sizes: readonly number[]): readonly number[] =>
  sizes.map((_, axis) => sizes.slice(axis + 1).reduce((product, size) => product * size, 1));

/** Refers to descriptors by number. */
export const refers = (name: number, ...to: readonly number[]): Attribute => [name, types.BACKEND_DESCRIPTOR, ...to];

/** A graph of operations as the addon is told of it; what is added is a descriptor, and has a number. */
export class Description {
  readonly #descriptors: number[] = [];
  readonly #operands: number[] = [];
  readonly #scalars: number[] = [];
  #count = 0;
  #ids = 0;

  add(type: number, attributes: readonly Attribute[]): number {
    this.#descriptors.push(type, attributes.length);
    for (const [name, kind, ...values] of attributes) this.#descriptors.push(name, kind, values.length, ...values);
    return this.#count++;
  }

  /** A tensor in memory; a run gives the addresses in the order of these calls. */
  operand(type: number, sizes: readonly number[], strides: readonly number[]): GraphTensor {
    const made = this.#tensor(type, sizes, strides, ALIGNED);
    this.#operands.push(made.id);
    return made;
  }

  /** One that is not in memory. */
  virtual(type: number, sizes: readonly number[]): GraphTensor {
    return this.#tensor(type, sizes, packed(sizes), ALIGNED, a.TENSOR_IS_VIRTUAL);
  }

  /** A float32 that is the same in each run. */
  scalar(value: number): GraphTensor {
    const made = this.#tensor(dataTypes.FLOAT, [1, 1, 1, 1], [1, 1, 1, 1], 4, a.TENSOR_IS_BY_VALUE);
    this.#scalars.push(made.id, dataTypes.FLOAT, value);
    return made;
  }

  matmul(x: GraphTensor, y: GraphTensor, result: GraphTensor): number {
    const how = this.add(d.MATMUL, [[a.MATMUL_COMP_TYPE, types.DATA_TYPE, dataTypes.FLOAT]]);
    return this.add(d.OPERATION_MATMUL, [
      refers(a.OPERATION_MATMUL_ADESC, x.descriptor),
      refers(a.OPERATION_MATMUL_BDESC, y.descriptor),
      refers(a.OPERATION_MATMUL_CDESC, result.descriptor),
      refers(a.OPERATION_MATMUL_DESC, how),
    ]);
  }

  /** What is done with each element; indices are those along `axis`, and the third operand selects. */
  pointwise(
    mode: keyof typeof modes,
    [x, b, t]: readonly GraphTensor[],
    result: GraphTensor,
    { precision = dataTypes.FLOAT as number, axis = -1 } = {},
  ): number {
    const how = this.add(d.POINTWISE, [
      [a.POINTWISE_MODE, types.POINTWISE_MODE, modes[mode]],
      [a.POINTWISE_MATH_PREC, types.DATA_TYPE, precision],
      ...(axis < 0 ? [] : [[a.POINTWISE_AXIS, types.INT64, axis] as const]),
    ]);
    return this.add(d.OPERATION_POINTWISE, [
      refers(a.OPERATION_POINTWISE_PW_DESCRIPTOR, how),
      refers(a.OPERATION_POINTWISE_XDESC, x!.descriptor),
      ...(b === undefined ? [] : [refers(a.OPERATION_POINTWISE_BDESC, b.descriptor)]),
      ...(t === undefined ? [] : [refers(a.OPERATION_POINTWISE_TDESC, t.descriptor)]),
      refers(a.OPERATION_POINTWISE_YDESC, result.descriptor),
    ]);
  }

  /** Along the axes of which the result has one. */
  reduction(operator: (typeof reductions)[keyof typeof reductions], x: GraphTensor, result: GraphTensor): number {
    const how = this.add(d.REDUCTION, [
      [a.REDUCTION_OPERATOR, types.REDUCTION_OPERATOR_TYPE, operator],
      [a.REDUCTION_COMP_TYPE, types.DATA_TYPE, dataTypes.FLOAT],
    ]);
    return this.add(d.OPERATION_REDUCTION, [
      refers(a.OPERATION_REDUCTION_XDESC, x.descriptor),
      refers(a.OPERATION_REDUCTION_YDESC, result.descriptor),
      refers(a.OPERATION_REDUCTION_DESC, how),
    ]);
  }

  graph(operations: readonly number[]): number {
    return this.add(d.OPERATIONGRAPH, [
      [a.OPERATIONGRAPH_HANDLE, types.HANDLE],
      refers(a.OPERATIONGRAPH_OPS, ...operations),
    ]);
  }

  /** All that was described, for the graph that was added last. */
  numbers(): Float64Array {
    const asked = [heuristics.A, heuristics.FALLBACK];
    const { length } = this.#scalars;
    return Float64Array.of(
      ...[this.#count, ...this.#descriptors, asked.length, ...asked],
      ...[this.#operands.length, ...this.#operands, length / 3, ...this.#scalars],
    );
  }

  #tensor(
    type: number,
    sizes: readonly number[],
    strides: readonly number[],
    alignment: number,
    flag?: number,
  ): GraphTensor {
    const id = ++this.#ids;
    const descriptor = this.add(d.TENSOR, [
      [a.TENSOR_UNIQUE_ID, types.INT64, id],
      [a.TENSOR_DATA_TYPE, types.DATA_TYPE, type],
      [a.TENSOR_BYTE_ALIGNMENT, types.INT64, alignment],
      [a.TENSOR_DIMENSIONS, types.INT64, ...sizes],
      [a.TENSOR_STRIDES, types.INT64, ...strides],
      ...(flag === undefined ? [] : [[flag, types.BOOLEAN, 1] as const]),
    ]);
    return { descriptor, id, sizes };
  }
}
