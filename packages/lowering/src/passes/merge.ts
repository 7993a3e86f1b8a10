import { type Attrs, type AttrValue, DimExpr, Fn, type Node, type OpRecord, type Tensor } from "@tenon/ir";
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
      const key = keyOf(node);
      const before = table.get(key);
      if (before !== undefined) return before.outputs;
      table.set(key, node);
      return undefined;
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

function attrsText(attrs: Attrs): string {
  let text = texts.get(attrs);
  if (text === undefined) {
    text = "";
    for (const name in attrs) text += ` ${name}=${textOf(attrs[name])}`;
    texts.set(attrs, text);
  }
  return text;
}

const latin1 = new TextDecoder("latin1"); // a letter for every byte
const numbers = new WeakMap<Fn, number>();
let count = 0;

function numberOf(fn: Fn): number {
  let number = numbers.get(fn);
  if (number === undefined) numbers.set(fn, (number = count++));
  return number;
}

/** Attributes of equal text are equal; functions are known by their identity. */
function textOf(value: AttrValue): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Fn) return `function ${numberOf(value)}`;
  if (value instanceof DimExpr) return value.key;
  if (value instanceof Uint8Array) return `bytes ${latin1.decode(value)}`;
  if (Array.isArray(value)) return `[${value.map(textOf).join()}]`;
  if (typeof value !== "object") return String(value);
  const entries = Object.entries(value).map(([name, entry]) => `${JSON.stringify(name)}:${textOf(entry as AttrValue)}`);
  return `{${entries.join()}}`;
}
