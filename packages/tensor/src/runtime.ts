import { dimOp, installRuntime, isLeaf, type Node, type Tensor, type TensorData, topologicalOrder } from "@tenon/ir";
import { typedArrayOf } from "./bytes.ts";
import { readBytes } from "./device.ts";
import { currentFrame } from "./frame.ts";
import { countResult, yieldToHost } from "./memory.ts";
import { realize } from "./realize.ts";
import { DataNode, SMALL_BYTES, storageOf } from "./storage.ts";

/** So many operations recorded outside compiled functions start a flush. */
const FLUSH_AFTER = 1000;

let recorded: WeakRef<Node>[] = [];
/** What earlier flushes passed over, since it is only on the way to other results: the program may still hold it. */
let passed: WeakRef<Node>[] = [];

installRuntime({
  async data(tensor: Tensor): Promise<TensorData> {
    realize([tensor]);
    const storage = storageOf(tensor)!.retain();
    const { version } = storage;
    try {
      const bytes = await readBytes(storage);
      const mine = storage.references === 2 && storage.version === version; // the tensor's and this one
      if (mine && storage.byteLength <= SMALL_BYTES && storage.buffer !== undefined) {
        storage.keepHost(bytes);
        storage.dropBuffer();
      }
      countResult(storage.byteLength);
      await yieldToHost();
      return typedArrayOf(tensor.dtype, bytes);
    } finally {
      storage.release();
    }
  },

  dispose(tensor: Tensor): void {
    const { node } = tensor;
    if (!(node instanceof DataNode) || node.disposed) return; // it has no memory of its own yet, or none any more
    // what was recorded with it still needs it: its values are computed first
    const users = [...recorded, ...passed].flatMap((ref) => ref.deref() ?? []);
    realize(
      users
        .filter((user) => user.inputs.includes(tensor))
        .flatMap(unrealized)
        .filter(isComputable),
    );
    node.dispose();
  },

  recorded(nodes: readonly Node[]): void {
    if (currentFrame() !== undefined) return;
    if (recorded.length + nodes.length > FLUSH_AFTER) flush(); // before nodes use what is an end now
    for (const node of nodes) recorded.push(new WeakRef(node));
  },
});

/** Starts the computation of everything that was recorded outside of functions and is still wanted; nothing while one is traced. */
export function flush(): void {
  if (currentFrame() !== undefined) return;
  const alive = recorded.flatMap((ref) => ref.deref() ?? []);
  recorded = [];
  const used = new Set(alive.flatMap((node) => node.inputs.map((t) => t.node)));
  realize(
    alive
      .filter((node) => !used.has(node))
      .flatMap(unrealized)
      .filter(isComputable),
  );
  const left = [...passed.flatMap((ref) => ref.deref() ?? []), ...alive].filter((node) => unrealized(node).length > 0);
  passed = left.map((node) => new WeakRef(node));
}

/** The results of a node that have not become leaves. */
const unrealized = (node: Node): readonly Tensor[] => node.outputs.filter((t) => t.node === node);

/** Whether all that a tensor is computed from is there: no argument of a function being traced, no size of one, nothing disposed of. */
const isComputable = (t: Tensor): boolean =>
  topologicalOrder([t]).every(
    (node) => !hasSymbols(node) && (!isLeaf(node) || (node instanceof DataNode && !node.disposed)),
  );

const hasSymbols = ({ op, attrs, results }: Node): boolean =>
  (op === dimOp && typeof attrs.expr !== "number") ||
  results.some(({ shape }) => shape.some((d) => typeof d !== "number"));
