import { ceilDiv, floorDiv } from "../../index-division.ts";
import { addIndex, constantIndex, multiplyIndex, subtractIndex } from "../../index-expression.ts";
import type { Index } from "../../index-node.ts";
import { lessThan } from "../../index-predicate.ts";
import type { ClaimedKernel, Strided } from "../../kernel/kernel.ts";
import type { Language } from "../language.ts";
import type { ThreadCode } from "../render.ts";
import { Source } from "../source.ts";
import { type AttentionAttrs, attention, elementsOf } from "./attention.ts";
import type { ClaimedThreads } from "./claimed.ts";
import { bound, finish, named, placeOf, slotOf, unravelled } from "./places.ts";

const THREADS = 64;

/**
 * The derivative of attention by rows, its shares made again from the logarithms of the rows' sums (Dao 2023, arXiv:2307.08691,
 * algorithm 2): the first workgroups have a query for each thread, which goes over the keys that it sees, the others a key,
 * which goes over the queries that see it. Nobody adds to what another one adds to.
 */
export const attentionBackward: ClaimedThreads = {
  accepts: (site) => attention.accepts(site) && !(site.attrs as unknown as AttentionAttrs).bias,
  render: (kernel, language) => new BackwardCode(kernel, language).code(),
};

type Operands = readonly [q: Strided, k: Strided, v: Strided, lse: Strided, dy: Strided, delta: Strided, mask: Strided];

class BackwardCode {
  readonly #kernel: ClaimedKernel;
  readonly #source: Source;
  readonly #attrs: AttentionAttrs;
  readonly #operands: Operands;

  constructor(kernel: ClaimedKernel, language: Language) {
    this.#kernel = kernel;
    this.#source = new Source(language, kernel);
    this.#attrs = kernel.attrs as unknown as AttentionAttrs;
    this.#operands = kernel.inputs as unknown as Operands;
  }

  code(): ThreadCode {
    const source = this.#source;
    const { group, thread } = source.language;
    const [q, k] = this.#operands;
    const [b, t, h] = q.sizes as readonly [Index, Index, Index];
    const [s, heads] = [k.sizes[1]!, k.sizes[2]!];
    const [queries, keys] = [multiplyIndex(b, h, t), multiplyIndex(b, heads, s)];
    const [ofQueries, ofKeys] = [ceilDiv(queries, THREADS), ceilDiv(keys, THREADS)];
    const row = (first: Index): Index => {
      const own = subtractIndex(named(source, group), first);
      return bound(source, "at", addIndex(multiplyIndex(own, THREADS), named(source, thread)));
    };
    source.where(lessThan(named(source, group), ofQueries), () => {
      const at = row(constantIndex(0));
      source.where(lessThan(at, queries), () =>
        this.#query(...(unravelled(source, at, [b, h, t], "axis") as [Index, Index, Index])),
      );
    });
    source.where(lessThan(addIndex(ofQueries, -1), named(source, group)), () => {
      const at = row(ofQueries);
      source.where(lessThan(at, keys), () =>
        this.#key(...(unravelled(source, at, [b, heads, s], "axis") as [Index, Index, Index])),
      );
    });
    return { threads: THREADS, groups: addIndex(ofQueries, ofKeys), declarations: "", body: source.text };
  }

  /** `dq = scale·Σ ds·k` over the keys that a query sees. */
  #query(example: Index, head: Index, query: Index): void {
    const source = this.#source;
    const { language } = source;
    const [q, k, v, , dy] = this.#operands;
    const [t, h, s, heads] = [q.sizes[1]!, q.sizes[2]!, k.sizes[1]!, k.sizes[2]!];
    const keyHead = bound(source, "key_head", floorDiv(multiplyIndex(head, heads), h));
    this.#load("q", q, [example, query, head]);
    this.#load("dy", dy, [example, query, head]);
    this.#stats(example, head, query);
    this.#zeros("dq", q);
    const last = this.#attrs.causal ? subtractIndex(addIndex(query, 1, s), t) : s;
    const below = language.index.min(source.index(last), source.index(s));
    source.nested(language.loop("key", "0", below, "1"), () => {
      const key = named(source, "key");
      this.#where([example, head, query, key], () => {
        this.#load("k", k, [example, key, keyHead]);
        this.#load("v", v, [example, key, keyHead]);
        this.#change();
        this.#add("dq", "change", "k", q);
      });
    });
    this.#finish(0, "dq", true, ["axis0", "axis2", "axis1"]);
  }

  /** `dk = scale·Σ ds·q` and `dv = Σ p·dy` over the queries that see a key. */
  #key(example: Index, keyHead: Index, key: Index): void {
    const source = this.#source;
    const { language } = source;
    const [q, k, v, , dy] = this.#operands;
    const [t, h, s, heads] = [q.sizes[1]!, q.sizes[2]!, k.sizes[1]!, k.sizes[2]!];
    this.#load("k", k, [example, key, keyHead]);
    this.#load("v", v, [example, key, keyHead]);
    this.#zeros("dk", k);
    this.#zeros("dv", v);
    const perKey = floorDiv(h, heads);
    source.nested(language.loop("own", "0", source.index(perKey), "1"), () => {
      const head = bound(source, "head", addIndex(multiplyIndex(keyHead, perKey), named(source, "own")));
      const first = this.#attrs.causal
        ? language.index.max(source.index(subtractIndex(addIndex(key, t), s)), "0")
        : "0";
      source.nested(language.loop("query", first, source.index(t), "1"), () => {
        const query = named(source, "query");
        this.#where([example, head, query, key], () => {
          this.#load("q", q, [example, query, head]);
          this.#load("dy", dy, [example, query, head]);
          this.#stats(example, head, query);
          this.#change();
          this.#add("dv", "share", "dy", v);
          this.#add("dk", "change", "q", k);
        });
      });
    });
    this.#finish(1, "dk", true, ["axis0", "axis2", "axis1"]);
    this.#finish(2, "dv", false, ["axis0", "axis2", "axis1"]);
  }

  #let(name: string, value: string): void {
    this.#source.line(this.#source.language.let(name, "float32", value));
  }

  #alu(op: "sub" | "mul" | "exp", ...operands: readonly string[]): string {
    return this.#source.language.alu(op, operands, "float32", "float32");
  }

  #element(operand: Strided, address: Index): string {
    return this.#source.language.load(slotOf(this.#kernel, operand), this.#source.index(address));
  }

  /** Names for the elements of the last axis. */
  #load(name: string, operand: Strided, index: readonly Index[]): void {
    const address = bound(this.#source, `${name}_at`, placeOf(operand, [...index, constantIndex(0)]));
    for (const i of elementsOf(operand))
      this.#let(`${name}${i}`, this.#element(operand, addIndex(address, multiplyIndex(operand.strides[3]!, i))));
  }

  /** What is known of a query's row: the logarithm of its sum, and what is subtracted from the cotangents of shares. */
  #stats(example: Index, head: Index, query: Index): void {
    const [, , , lse, , delta] = this.#operands;
    this.#let("logarithm", this.#element(lse, placeOf(lse, [example, head, query])));
    this.#let("shift", this.#element(delta, placeOf(delta, [example, head, query])));
  }

  #where(index: readonly Index[], body: () => void): void {
    if (!this.#attrs.mask) body();
    else this.#source.if(this.#element(this.#operands[6], placeOf(this.#operands[6], index)), body);
  }

  #variable(name: string): void {
    const { language } = this.#source;
    this.#source.line(language.variable(name, "float32", language.constant("float32", 0)));
  }

  #zeros(name: string, like: Strided): void {
    for (const i of elementsOf(like)) this.#variable(`${name}${i}`);
  }

  /** `sum_i += factor·x_i` */
  #add(sum: string, factor: string, x: string, like: Strided): void {
    const { language } = this.#source;
    for (const i of elementsOf(like))
      this.#source.line(`${sum}${i} = ${language.multiplyAdd(factor, `${x}${i}`, `${sum}${i}`)};`);
  }

  #product(name: string, x: string, y: string, like: Strided): void {
    this.#variable(name);
    for (const i of elementsOf(like))
      this.#source.line(`${name} = ${this.#source.language.multiplyAdd(`${x}${i}`, `${y}${i}`, name)};`);
  }

  /** `share`, and `change`, the cotangent of the score. */
  #change(): void {
    const [q, , v] = this.#operands;
    this.#product("score", "q", "k", q);
    const scaled = this.#alu("mul", "score", this.#source.language.constant("float32", this.#attrs.scale));
    this.#let("share", this.#alu("exp", this.#alu("sub", scaled, "logarithm")));
    this.#product("slope", "dy", "v", v);
    this.#let("change", this.#alu("mul", "share", this.#alu("sub", "slope", "shift")));
  }

  #finish(result: number, name: string, scaled: boolean, at: readonly string[]): void {
    const source = this.#source;
    const scale = source.language.constant("float32", this.#attrs.scale);
    const like = this.#operands[result]!;
    for (const i of elementsOf(like)) {
      source.nested("", () => {
        this.#let("result", scaled ? this.#alu("mul", `${name}${i}`, scale) : `${name}${i}`);
        bound(source, "output", constantIndex(i));
        finish(source, this.#kernel.results[result]!, "result", [...at, "output"]);
      });
    }
  }
}
