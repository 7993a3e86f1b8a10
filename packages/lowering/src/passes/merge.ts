import { type Attrs, type AttrValue, DimExpr, Fn, type Node, type OpRecord, type Tensor } from "@tenon/ir";
import { entry } from "../entry.ts";
import type { Pass } from "./pass.ts";

/**
 * Nodes of the same op, attributes and inputs become one: common-subexpression elimination. Barriers stay apart, since
 * what is computed a second time behind one is meant to be.
 *
 * Exact: every op is a function of its inputs. Operands of `add` and the other commutative ops are compared in either
 * order; IEEE 754 makes them commutative but for the payload of a NaN.
 */
export const mergeCommon: Pass = {
  name: "merge",
  start() {
    const table = new Map<string, Node>();
    return (node) => {
      if (node.op.name === "barrier") return undefined;
      const first = entry(table, keyOf(node), () => node);
      return first === node ? undefined : first.outputs;
    };
  },
};

const commutative: ReadonlySet<string> = new Set(["add", "mul", "maximum", "minimum", "and", "or", "xor"]);

const commutes = ({ name }: OpRecord, dir: AttrValue): boolean =>
  commutative.has(name) || (name === "compare" && (dir === "eq" || dir === "ne"));

/** What a node computes; its types follow from it. */
function keyOf({ op, attrs, inputs }: Node): string {
  let operands = "";
  if (inputs.length === 2 && commutes(op, attrs.dir)) {
    const [x, y] = [tensorText(inputs[0]!), tensorText(inputs[1]!)];
    operands = x < y ? x + y : y + x;
  } else for (const t of inputs) operands += tensorText(t);
  return `${op.name} ${op.version}${operands}${attrsText(attrs)}`;
}

const tensorText = ({ node, index }: Tensor): string => ` ${node.id}.${index}`;

const texts = new WeakMap<Attrs, string>();

const attrsText = (attrs: Attrs): string =>
  entry(texts, attrs, () =>
    Object.entries(attrs)
      .map(([name, value]) => ` ${JSON.stringify(name)}=${textOf(value)}`)
      .join(""),
  );

const latin1 = new TextDecoder("latin1"); // a letter for every byte
const numbers = new WeakMap<Fn, number>();
let count = 0;

/** Attributes of equal text are equal; functions are known by their identity. */
function textOf(value: AttrValue): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Fn) return `function ${entry(numbers, value, () => count++)}`;
  if (value instanceof DimExpr) return value.key;
  if (value instanceof Uint8Array) return `bytes ${latin1.decode(value)}`;
  if (Array.isArray(value)) return `[${value.map(textOf).join()}]`;
  if (typeof value !== "object") return String(value);
  return `{${attrsText(value as Attrs)}}`;
}
