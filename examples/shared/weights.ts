import { DataError } from "@tenon/datasets";
import { parseSafetensors } from "@tenon/safetensors";
import { type Tensor, tensor } from "@tenon/tensor";

/** The tensors of a file by name, each to be taken once. */
export interface Weights {
  take(name: string): Tensor;
  /** Throws when there is one that nobody took. */
  checkAllTaken(): void;
}

/** The floats of a safetensors file. Others, such as PyTorch's counters of batches, are left out. */
export function readWeights(bytes: Uint8Array): Weights {
  const floats = [...parseSafetensors(bytes).tensors].filter(([, { dtype }]) => dtype === "F32");
  const left = new Map(floats);
  const fail = (problem: string): never => {
    throw new DataError("FormatError", "E778", "weights", problem, { fix: "use the weights of this network" });
  };
  return {
    take(name) {
      const found = left.get(name) ?? fail(`the file has no ${name}`);
      left.delete(name);
      return tensor(new Float32Array(new Uint8Array(found.bytes).buffer), { shape: found.shape }); // copied to where a float may begin
    },
    checkAllTaken: () => void (left.size > 0 && fail(`nothing takes ${[...left.keys()].join(", ")}`)),
  };
}
