import type { Backend, BackendFactory, Buffer, CompileOptions, Executable, RunOptions } from "@tenon/backend";
import { interpreter } from "@tenon/interpreter";
import {
  applyOp,
  buildModule,
  convert,
  Fn,
  isLeaf,
  isVerified,
  type Node,
  type Tensor,
  type VerifiedModule,
} from "@tenon/ir";
import { toGraph } from "@tenon/ir/to-graph";
import { verify } from "@tenon/ir/verify";
import { expandComposites, reapply, rebuild } from "./expand.ts";

/** The interpreter with some of its methods replaced by those that `change` gives. */
export function changed(change: (backend: Backend) => Partial<Backend>): BackendFactory {
  const right = interpreter();
  return {
    ...right,
    async create(options) {
      const backend = await right.create(options);
      const replaced = change(backend);
      return new Proxy(backend, {
        get(target, key) {
          const value: unknown = Reflect.get(Reflect.has(replaced, key) ? replaced : target, key);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    },
  };
}

/** A backend that compiles other results than those of a module's entry; what it has to refuse, it refuses. */
const recompiling = (
  rewrite: (results: readonly Tensor[], options: CompileOptions) => readonly Tensor[],
): BackendFactory =>
  changed((backend) => ({
    compile(module, entry, options = {}) {
      const name = module.entries.get(entry);
      if (name === undefined || !isVerified(module)) return backend.compile(module, entry, options);
      const { inputs, results, aliases } = toGraph(module, name);
      const fn = new Fn("fn", inputs, rewrite(results, options), aliases);
      return backend.compile(verify(buildModule({ entries: { [entry]: fn } })), entry, options);
    },
  }));

/** A backend whose programs are compiled as `rewrite` gives their nodes; undefined leaves a node alone. */
export const miscompiling = (
  rewrite: (node: Node, inputs: readonly Tensor[], options: CompileOptions) => readonly Tensor[] | undefined,
): BackendFactory =>
  recompiling((results, options) =>
    rebuild(results, (node, inputs) =>
      isLeaf(node) ? node.outputs : (rewrite(node, inputs, options) ?? reapply(node, inputs)),
    ),
  );

/** A backend without composites that rounds every value to its dtype, as those with float32 units do. */
export const roundingEverywhere = (): BackendFactory =>
  recompiling((results) =>
    rebuild(expandComposites(results), (node, inputs) =>
      isLeaf(node) ? node.outputs : reapply(node, inputs).map((y) => applyOp(convert.op, [y], { to: y.dtype })[0]!),
    ),
  );

type Run = Executable["run"];

/** A backend whose executables run as `change` says. */
export const misrunning = (change: (backend: Backend, run: Run, executable: Executable) => Run): BackendFactory =>
  changed((backend) => ({
    async compile(module: VerifiedModule, entry: string, options?: CompileOptions): Promise<Executable> {
      const executable = await backend.compile(module, entry, options);
      const run = change(backend, (args, o) => executable.run(args, o), executable);
      return {
        signature: executable.signature,
        plan: executable.plan,
        run: (args: readonly Buffer[], o?: RunOptions) => run(args, o),
        dispose: () => executable.dispose(),
      };
    },
  }));
