import { ceilDiv, floorDiv } from "../../index-division.ts";
import { addIndex, constantIndex, multiplyIndex, subtractIndex } from "../../index-expression.ts";
import type { Index } from "../../index-node.ts";
import { lessThan } from "../../index-predicate.ts";
import type { ClaimedKernel, Strided } from "../../kernel/kernel.ts";
import type { Language } from "../language.ts";
import type { ThreadCode } from "../render.ts";
import { Source } from "../source.ts";
import type { ClaimedThreads } from "./claimed.ts";
import { bound, finish, named, placeOf, slotOf, unravelled } from "./places.ts";

const THREADS = 64;
/** A thread has a query and its result in registers. */
const MOST_DEPTH = 64;
const LOWEST = -3.4028234663852886e38; // of the finite float32 values

/** What `nn.attention` and its derivative are told. */
export interface AttentionAttrs {
  readonly scale: number;
  readonly causal: boolean;
  readonly mask: boolean;
  readonly bias: boolean;
  readonly mul: string;
}

const isShort = (size: unknown): boolean => typeof size === "number" && size <= MOST_DEPTH;

/**
 * Attention by rows: a thread goes over the keys that its query sees, once. The greatest score so far is kept out of the
 * exponentials, and what was added up before is scaled down when a greater one comes (Milakov & Gimelshein 2018,
 * arXiv:1805.02867), so that scores are never in memory.
 */
export const attention: ClaimedThreads = {
  accepts: ({ operands: [q, , v], attrs }) =>
    ["float32", "float16", "bfloat16"].includes(q!.dtype) &&
    (attrs as unknown as AttentionAttrs).mul === "same" &&
    isShort(q!.shape[3]) &&
    isShort(v!.shape[3]),
  render: (kernel, language) => new AttentionCode(kernel, language).code(),
};

const range = (size: Index): readonly number[] =>
  Array.from({ length: size.kind === "constant" ? size.value : 0 }, (_, i) => i);

/** Numbers of the elements of an operand's last axis, whose size is known. */
export const elementsOf = ({ sizes }: Strided): readonly number[] => range(sizes[3]!);

class AttentionCode {
  readonly #kernel: ClaimedKernel;
  readonly #source: Source;
  readonly #attrs: AttentionAttrs;

  constructor(kernel: ClaimedKernel, language: Language) {
    this.#kernel = kernel;
    this.#source = new Source(language, kernel);
    this.#attrs = kernel.attrs as unknown as AttentionAttrs;
  }

  code(): ThreadCode {
    const source = this.#source;
    const { language } = source;
    const [q, k, v] = this.#kernel.inputs as readonly [Strided, Strided, Strided];
    const [b, t, h, depth] = q.sizes as readonly [Index, Index, Index, Index];
    const [s, heads] = [k.sizes[1]!, k.sizes[2]!];
    const rows = multiplyIndex(b, h, t);
    const group = named(source, language.group);
    const at = bound(source, "at", addIndex(multiplyIndex(group, THREADS), named(source, language.thread)));
    source.line(`if (${source.index(lessThan(addIndex(rows, -1), at))}) { return; }`);
    // neighbouring threads have neighbouring queries of one head, which see the same keys
    const [example, head, query] = unravelled(source, at, [b, h, t], "axis") as [Index, Index, Index];
    const keyHead = bound(source, "key_head", floorDiv(multiplyIndex(head, heads), h));
    const zero = constantIndex(0);
    const queryAt = bound(source, "query_at", placeOf(q, [example, query, head, zero]));
    for (const d of range(depth)) this.#let(`q${d}`, this.#load(q, queryAt, d));
    for (const e of range(v.sizes[3]!)) this.#variable(`y${e}`, 0);
    this.#variable("top", LOWEST);
    this.#variable("total", 0);
    const last = this.#attrs.causal ? subtractIndex(addIndex(query, 1, s), t) : s;
    const below = language.index.min(source.index(last), source.index(s));
    source.nested(language.loop("key", "0", below, "1"), () => {
      const key = named(source, "key");
      const seen = (body: () => void): void => {
        if (!this.#attrs.mask) body();
        else source.if(this.#extra(3, [example, head, query, key]), body);
      };
      seen(() => {
        this.#score(k, bound(source, "key_at", placeOf(k, [example, key, keyHead, zero])), depth, [
          example,
          head,
          query,
          key,
        ]);
        this.#take(v, bound(source, "value_at", placeOf(v, [example, key, keyHead, zero])));
      });
    });
    this.#finish(v);
    return {
      threads: THREADS,
      groups: ceilDiv(rows, THREADS),
      declarations: "",
      body: source.text,
    };
  }

  #let(name: string, value: string): void {
    this.#source.line(this.#source.language.let(name, "float32", value));
  }

  #variable(name: string, value: number): void {
    const { language } = this.#source;
    this.#source.line(language.variable(name, "float32", language.constant("float32", value)));
  }

  #alu(op: "add" | "sub" | "mul" | "div" | "exp" | "log", ...operands: readonly string[]): string {
    return this.#source.language.alu(op, operands, "float32", "float32");
  }

  /** An element of the last axis of what begins at an address. */
  #load(operand: Strided, address: Index, i: number): string {
    const at = addIndex(address, multiplyIndex(operand.strides[3]!, i));
    return this.#source.language.load(slotOf(this.#kernel, operand), this.#source.index(at));
  }

  /** An element of the mask or bias. */
  #extra(input: number, index: readonly Index[]): string {
    const operand = this.#kernel.inputs[input]!;
    const address = this.#source.index(placeOf(operand, index));
    return this.#source.language.load(slotOf(this.#kernel, operand), address);
  }

  /** `score`, of the query and a key. */
  #score(k: Strided, address: Index, depth: Index, index: readonly Index[]): void {
    const source = this.#source;
    const { language } = source;
    const { scale, mask, bias } = this.#attrs;
    this.#variable("product", 0);
    for (const d of range(depth))
      source.line(`product = ${language.multiplyAdd(`q${d}`, this.#load(k, address, d), "product")};`);
    const scaled = this.#alu("mul", "product", language.constant("float32", scale));
    this.#let("score", bias ? this.#alu("add", scaled, this.#extra(mask ? 4 : 3, index)) : scaled);
  }

  /** Adds the value of a key, by its score. */
  #take(v: Strided, address: Index): void {
    const source = this.#source;
    const { language } = source;
    const outputs = range(v.sizes[3]!);
    source.if(language.alu("gt", ["score", "top"], "float32", "bool"), () => {
      const isFirst = language.alu("eq", ["total", language.constant("float32", 0)], "float32", "bool");
      const less = this.#alu("exp", this.#alu("sub", "top", "score"));
      const operands = [isFirst, language.constant("float32", 0), less];
      this.#let("shrunk", language.alu("select", operands, "bool", "float32"));
      for (const name of ["total", ...outputs.map((e) => `y${e}`)])
        source.line(`${name} = ${this.#alu("mul", name, "shrunk")};`);
      source.line("top = score;");
    });
    this.#let("share", this.#alu("exp", this.#alu("sub", "score", "top")));
    source.line(`total = ${this.#alu("add", "total", "share")};`);
    for (const e of outputs)
      source.line(`y${e} = ${language.multiplyAdd("share", this.#load(v, address, e), `y${e}`)};`);
  }

  /** A query that sees nothing has 0, and the logarithm of the lowest score that there is. */
  #finish(v: Strided): void {
    const source = this.#source;
    const { language } = source;
    const [y, lse] = this.#kernel.results as readonly [ClaimedKernel["results"][0], ClaimedKernel["results"][0]];
    const any = language.alu("gt", ["total", language.constant("float32", 0)], "float32", "bool");
    const divisor = language.alu("select", [any, "total", language.constant("float32", 1)], "bool", "float32");
    this.#let("divisor", divisor);
    for (const e of range(v.sizes[3]!)) {
      source.nested("", () => {
        this.#let("result", this.#alu("div", `y${e}`, "divisor"));
        bound(source, "output", constantIndex(e));
        finish(source, y, "result", ["axis0", "axis2", "axis1", "output"]);
      });
    }
    if (lse.epilogue.length === 0) return;
    this.#let("logarithm", this.#alu("add", this.#alu("log", "divisor"), "top"));
    finish(source, lse, "logarithm", ["axis0", "axis1", "axis2"]);
  }
}
