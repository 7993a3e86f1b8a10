import { installRuntime, isLeaf, type Node, type Tensor, type TensorData, topologicalOrder } from "@tenon/ir";
import { typedArrayOf } from "./bytes.ts";
import { readBytes } from "./device.ts";
import { currentFrame } from "./frame.ts";
import { countResult, yieldToHost } from "./memory.ts";
import { realize } from "./realize.ts";
import { DataNode, SMALL_BYTES, storageOf } from "./storage.ts";

/** So many operations recorded outside compiled functions start a flush. */
const FLUSH_AFTER = 1000;

let recorded: WeakRef<Node>[] = [];

installRuntime({
  async data(tensor: Tensor): Promise<TensorData> {
    realize([tensor]);
    const storage = storageOf(tensor)!.retain();
    try {
      const bytes = await readBytes(storage);
      if (storage.byteLength <= SMALL_BYTES && !storage.owned && storage.buffer !== undefined) {
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
    const storage = storageOf(tensor);
    if (storage === undefined || storage.disposed) return;
    storage.disposed = true;
    storage.free();
  },

  recorded(node: Node): void {
    if (currentFrame() !== undefined) return;
    recorded.push(new WeakRef(node));
    if (recorded.length >= FLUSH_AFTER) flush();
  },
});

/** Starts the computation of everything that was recorded and is still wanted. */
export function flush(): void {
  const alive = recorded.flatMap((ref) => ref.deref() ?? []);
  recorded = [];
  const used = new Set(alive.flatMap((node) => node.inputs.map((t) => t.node)));
  const ends = alive.filter((node) => !used.has(node)).flatMap((node) => node.outputs.filter((t) => t.node === node));
  realize(ends.filter((t) => !isTraced(t)));
}

/** Whether a tensor belongs to a function that is being traced rather than to the program's own graph. */
const isTraced = (t: Tensor): boolean =>
  topologicalOrder([t]).some((node) => isLeaf(node) && !(node instanceof DataNode)) ||
  typeof t.shape.find((d) => typeof d !== "number") === "object";
