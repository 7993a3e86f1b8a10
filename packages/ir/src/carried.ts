import { trace } from "./function.ts";
import { plainRow } from "./graph.ts";
import { namespaceOf, type OpRow } from "./module.ts";
import { splat } from "./promote.ts";
import type { RowBuilder } from "./record.ts";
import { sameAttr } from "./same-attr.ts";
import { typeText } from "./shape.ts";
import type { Node, Tensor } from "./tensor.ts";
import { opsetVersion } from "./versions.ts";

/** A row with what a third party's op brings along, so that its reader need not know it: decomposition and derivative. */
export function carryingRow(node: Node, builder: RowBuilder): Omit<OpRow, "operands" | "types"> {
  const row = plainRow(node, builder);
  const { op, inputs, outputs, attrs } = node;
  if (op.decompose === undefined || opsetVersion(namespaceOf(op.name)) !== undefined) return row;
  const key = `${op.name} ${[...inputs, ...outputs].map(typeText).join()}`;
  const alike = builder.carried.get(key) ?? [];
  let found = alike.find(({ of }) => sameAttr(of, attrs));
  if (found === undefined) {
    const short = op.name.replaceAll(/\W/g, "_");
    const decomp = builder.add(trace((...args) => op.decompose!(args, attrs), inputs).fn, short);
    found = { of: attrs, decomp, ...tracedVjp(node, builder, `${short}_vjp`) };
    builder.carried.set(key, [...alike, found]);
  }
  const { of: _of, ...functions } = found;
  return { ...row, ...functions };
}

function tracedVjp({ op, inputs, outputs, attrs }: Node, builder: RowBuilder, name: string): Pick<OpRow, "vjp"> {
  const { vjp, attrs: schema } = op;
  const regions = Object.values(schema).some(({ kind }) => kind === "function" || kind === "functions");
  if (vjp === undefined || regions) return {}; // the transforms of regions are autograd's
  const [x, y] = [inputs.length, outputs.length];
  const backward = (...all: Tensor[]): Tensor[] => {
    const args = all.slice(0, x);
    const cotangents = vjp(args, all.slice(x, x + y), all.slice(x + y), attrs, undefined as never);
    return args.map((arg, i) => cotangents[i] ?? splat(0, arg.shape, arg.dtype));
  };
  return { vjp: builder.add(trace(backward, [...inputs, ...outputs, ...outputs]).fn, name) };
}
