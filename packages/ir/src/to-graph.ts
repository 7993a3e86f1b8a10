import type { Attrs, FunctionRef } from "./attrs.ts";
import { StateError } from "./errors.ts";
import { Fn } from "./function.ts";
import { mapRegions } from "./graph.ts";
import { input } from "./leaf.ts";
import type { FunctionName, Module } from "./module.ts";
import { compositeOp } from "./ops/composite-op.ts";
import type { OpRecord } from "./record.ts";
import { lookupOp } from "./registry.ts";
import { Node, type Tensor } from "./tensor.ts";

/** A function of a verified module as a graph again. */
export function toGraph(module: Module, name: string): Fn {
  const done = new Map<string, Fn>();
  const byName = new Map(module.functions.map((f) => [f.name, f]));
  const { names, scopes } = module.tables;
  const convert = (ref: string): Fn => {
    const before = done.get(ref);
    if (before !== undefined) return before;
    const def = byName.get(ref);
    if (def === undefined) throw new StateError("E308", "module", `there is no function @${ref}`);
    const region = (fn: FunctionRef): Fn => convert((fn as FunctionName).name);
    const inputs = def.inputs.map(({ type }, i) => input(type, names.get(ref)?.get(i)));
    const values: Tensor[] = [...inputs];
    def.ops.forEach((row, i) => {
      const args = row.operands.map((v) => values[v]!);
      const known = row.decomp === undefined ? lookupOp(row.op) : undefined;
      const [op, attrs]: [OpRecord, Attrs] =
        known !== undefined
          ? [known, mapRegions(known, row.attrs, region)]
          : [
              compositeOp,
              {
                name: row.op,
                version: row.version,
                attrs: row.attrs,
                decomp: region(row.decomp!),
                ...(row.vjp && { vjp: region(row.vjp) }),
              },
            ];
      const place = { scope: scopes.get(ref)?.get(i), source: undefined } as Node;
      values.push(...new Node(op, args, attrs, row.types, place).outputs);
    });
    const fn = new Fn(
      ref,
      inputs,
      def.results.map((v) => values[v]!),
      def.inputs.map((i) => i.alias),
    );
    done.set(ref, fn);
    return fn;
  };
  return convert(name);
}
