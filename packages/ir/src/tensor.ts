import type { Attrs } from "./attrs.ts";
import type { DType } from "./dtype.ts";
import { StateError } from "./errors.ts";
import type { Methods } from "./fluent.ts";
import { sourceLine } from "./prose.ts";
import type { OpRecord } from "./record.ts";
import { currentScope } from "./scope.ts";
import { type Shape, shapeText, type TensorType } from "./shape.ts";

/** What `await t.data()` yields: the elements in row-major order. 16-bit floats arrive as float32, 64-bit integers as float64. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array;

let nodeCount = 0;

/** The id of the node that is made next. */
export const nextNodeId = (): number => nodeCount;

/** An application of an op: inputs in, one or more results out. Immutable. */
export class Node {
  /** Rises with every node, so that what depends on an argument has a larger one than the argument. */
  readonly id: number;
  readonly op: OpRecord;
  readonly inputs: readonly Tensor[];
  readonly attrs: Attrs;
  readonly results: readonly TensorType[];
  /** The results as tensors, one per type. */
  readonly outputs: readonly Tensor[];
  /** Whether it was made for a function: such a node is in no graph of the program, and never turns into data. */
  readonly inside: boolean;
  /** Path of the layer that was being called, such as `encoder.dense1`. */
  readonly scope: string | undefined;
  /** Where the user's program recorded the node; only while sources are collected. */
  readonly source: string | undefined;

  /** @param origin The node this one is a rewrite of; it keeps its place in the user's program. */
  constructor(op: OpRecord, inputs: readonly Tensor[], attrs: Attrs, results: readonly TensorType[], origin?: Node) {
    this.id = nodeCount++;
    this.op = op;
    this.inputs = inputs;
    this.attrs = attrs;
    this.results = results;
    this.inside = currentScope.traces > 0;
    this.scope = origin === undefined ? currentScope.path : origin.scope;
    this.source = origin === undefined ? (currentScope.sources ? sourceLine() : currentScope.source) : origin.source;
    this.outputs = results.map((type, i) => new Tensor(this, i, type));
  }
}

/** What `@tenon/tensor` installs so that tensors can be read. */
export interface TensorRuntime {
  data(tensor: Tensor): Promise<TensorData>;
  dispose(tensor: Tensor): void;
  /** Called with the nodes that are recorded outside a trace: each op, or those of a derivative together; many start a flush. */
  recorded?(nodes: readonly Node[]): void;
}

let runtime: TensorRuntime | undefined;

export function installRuntime(installed: TensorRuntime): void {
  runtime = installed;
}

export const currentRuntime = (): TensorRuntime | undefined => runtime;

/** Tells the runtime of nodes, unless they belong to a function that is being traced. */
export function announce(nodes: readonly Node[]): void {
  if (currentScope.traces === 0) runtime?.recorded?.(nodes);
}

function needRuntime(what: string): TensorRuntime {
  if (runtime !== undefined) return runtime;
  throw new StateError("E401", what, "no runtime is installed, so tensors are graph nodes without values", {
    fix: 'import "@tenon/tensor", which runs graphs on a backend',
  });
}

export interface Tensor extends Methods {}

/**
 * A result of a node in an op graph. Its type never changes; whether it owns data is the runtime's business.
 *
 * When the runtime has computed the tensor it points it at a data leaf, so that the graph behind it can go.
 */
export class Tensor {
  /** The node whose result this is. Only the runtime may change it, through `becomeLeaf`. */
  node: Node;
  index: number;
  readonly dtype: DType;
  readonly shape: Shape;

  constructor(node: Node, index: number, { dtype, shape }: TensorType) {
    this.node = node;
    this.index = index;
    this.dtype = dtype;
    this.shape = shape;
  }

  get op(): OpRecord {
    return this.node.op;
  }
  get inputs(): readonly Tensor[] {
    return this.node.inputs;
  }
  get attrs(): Attrs {
    return this.node.attrs;
  }
  get rank(): number {
    return this.shape.length;
  }
  /** The number of elements; throws while a size is symbolic. */
  get size(): number {
    return this.shape.reduce<number>((n, d) => {
      if (typeof d === "number") return n * d;
      throw new StateError("E402", "size", `the size of ${shapeText(this.shape)} is symbolic`, {
        fix: "use sizeOf(x.shape), which is an expression",
      });
    }, 1);
  }

  /** The values in row-major order, computed now if they have not been. */
  data(): Promise<TensorData> {
    return needRuntime("data").data(this);
  }

  /** The value of a tensor of one element. */
  async item(): Promise<number> {
    const values = await needRuntime("item").data(this);
    if (values.length !== 1) {
      throw new StateError("E403", "item", `the tensor has ${values.length} elements, not 1`, {
        operands: { x: this },
        fix: "reduce it first, or read all values with data()",
      });
    }
    return Number(values[0]);
  }

  /** Frees the values now. Any later use of them is an error. Disposing twice is allowed. */
  dispose(): void {
    needRuntime("dispose").dispose(this);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** JavaScript's operators would make NaN or text of a tensor. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return this.toString();
    throw new StateError(
      "E417",
      "tensor",
      "a tensor was used with JavaScript's operators, which cannot compute with it",
      {
        operands: { x: this },
        fix: "use its methods, as in x.mul(2).add(y)",
      },
    );
  }

  toString(): string {
    return `Tensor(${this.dtype} ${shapeText(this.shape)})`;
  }
}

/** Points `tensor` at a leaf that holds its values; for the runtime. */
export function becomeLeaf(tensor: Tensor, leaf: Node): void {
  (leaf as { outputs: readonly Tensor[] }).outputs = [tensor];
  tensor.node = leaf;
  tensor.index = 0;
}
