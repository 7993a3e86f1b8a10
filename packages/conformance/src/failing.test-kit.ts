import { applyOp, Fn, input, opRecord } from "@tenon/ir";

const failing = opRecord({
  name: "nn.out_of_memory",
  version: 1,
  numeric: "exact",
  inputs: ["x"],
  shape: ([x]) => x.shape,
  run() {
    throw new RangeError("no memory for that");
  },
});

const x = input({ dtype: "float32", shape: [4] });

/** A function whose runs fail on the interpreter. */
export const failingFn = new Fn("fails", [x], applyOp(failing, [x]));
