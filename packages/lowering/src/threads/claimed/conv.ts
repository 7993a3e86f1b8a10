import { ceilDiv, floorDiv, modIndex } from "../../index-division.ts";
import { addIndex, constantIndex, multiplyIndex, subtractIndex } from "../../index-expression.ts";
import type { Index, Predicate } from "../../index-node.ts";
import { always, and, equalIndex, lessThan } from "../../index-predicate.ts";
import type { ClaimedKernel, Strided } from "../../kernel/kernel.ts";
import type { Language } from "../language.ts";
import type { ThreadCode } from "../render.ts";
import { Source } from "../source.ts";
import type { ClaimedThreads } from "./claimed.ts";
import { bound, finish, named, placeOf, slotOf, unravelled } from "./places.ts";

/** Threads of a workgroup, side by side along the channels and in rows of places. */
const ACROSS = 8;
const DOWN = 8;
/** The most sums of a thread: 8 places of 8 channels. What it reads for a step, 16 elements, costs more than the 64 products. */
const MOST = 8;

/** What `nn.conv` is told. */
export interface ConvAttrs {
  readonly stride: readonly number[];
  readonly lo: readonly number[];
  readonly hi: readonly number[];
  readonly lhsDilation: readonly number[];
  readonly rhsDilation: readonly number[];
  readonly groups: number;
  readonly mul: string;
}

/**
 * Correlation without windows: a thread adds up some places of some channels. For each entry of the kernel it finds out once where
 * its places read x, and whether they do; nothing is divided or compared in the innermost loop, which goes over channels of x.
 */
export const conv: ClaimedThreads = {
  accepts({ operands: [x], attrs }) {
    const { lo, hi, mul } = attrs as unknown as ConvAttrs;
    const isFloat = ["float32", "float16", "bfloat16"].includes(x!.dtype);
    return isFloat && mul === "same" && [...lo, ...hi].every((width) => typeof width === "number");
  },
  render: (kernel, language) => new ConvCode(kernel, language).code(),
};

const each = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

/** Few enough that threads of a workgroup do not lie outside of a small result. */
const sumsAlong = (size: Index, threads: number): number =>
  size.kind === "constant" ? Math.max(1, Math.min(MOST, Math.ceil(size.value / threads))) : MOST;

/** A place of the result: its example, and where its window begins along each axis of x, which may be before x does. */
interface Place {
  readonly example: Index;
  readonly from: readonly Index[];
}

class ConvCode {
  readonly #kernel: ClaimedKernel;
  readonly #source: Source;
  readonly #attrs: ConvAttrs;
  readonly #x: Strided;
  readonly #w: Strided;
  /** Of the result. */
  readonly #sizes: readonly Index[];
  readonly #rows: Index;
  readonly #out: Index;
  readonly #places: number;
  readonly #channels: number;
  readonly #isPadded: boolean;

  constructor(kernel: ClaimedKernel, language: Language) {
    const [x, w] = kernel.inputs as readonly [Strided, Strided];
    const attrs = kernel.attrs as unknown as ConvAttrs;
    const { lo, hi, lhsDilation, groups } = attrs;
    this.#kernel = kernel;
    this.#source = new Source(language, kernel);
    this.#attrs = attrs;
    this.#x = x;
    this.#w = w;
    this.#sizes = kernel.results[0]!.axes.map(({ size }) => size);
    this.#out = this.#sizes.at(-1)!;
    this.#rows = multiplyIndex(constantIndex(1), ...this.#sizes.slice(0, -1));
    this.#channels = groups > 1 ? 1 : sumsAlong(this.#out, ACROSS); // those of a thread see the same channels of x
    this.#places = sumsAlong(this.#rows, DOWN);
    this.#isPadded = [...lo, ...hi].some((width) => width > 0) || lhsDilation.some((d) => d > 1);
  }

  code(): ThreadCode {
    const source = this.#source;
    const [rows, channels] = [DOWN * this.#places, ACROSS * this.#channels];
    const [down, across] = [ceilDiv(this.#rows, rows), ceilDiv(this.#out, channels)];
    const group = bound(source, "at_group", named(source, source.language.group));
    const thread = bound(source, "at_thread", named(source, source.language.thread));
    const firstRow = bound(
      source,
      "first_row",
      addIndex(multiplyIndex(floorDiv(group, across), rows), multiplyIndex(floorDiv(thread, ACROSS), this.#places)),
    );
    const firstChannel = bound(
      source,
      "first_channel",
      addIndex(multiplyIndex(modIndex(group, across), channels), modIndex(thread, ACROSS)),
    );
    const places = each(this.#places, (p) => this.#place(p, addIndex(firstRow, p)));
    const columns = each(this.#channels, (j) =>
      this.#within(`channel${j}`, addIndex(firstChannel, j * ACROSS), this.#out),
    );
    for (const sum of this.#sums()) source.line(source.language.variable(sum, "float32", this.#zero));
    this.#window([], places, columns);
    this.#finish(firstRow, firstChannel);
    return { threads: ACROSS * DOWN, groups: multiplyIndex(down, across), declarations: "", body: source.text };
  }

  get #zero(): string {
    return this.#source.language.constant("float32", 0);
  }

  #sums(): readonly string[] {
    return each(this.#places * this.#channels, (s) => `sum${s}`);
  }

  /** A number below a size: what lies beyond repeats the last one, so that the loops need not ask. */
  #within(name: string, value: Index, size: Index): Index {
    const { language } = this.#source;
    const least = language.index.min(this.#source.index(value), this.#source.index(addIndex(size, -1)));
    this.#source.line(language.let(name, "int32", least));
    return named(this.#source, name);
  }

  #place(p: number, row: Index): Place {
    const { stride, lo } = this.#attrs;
    const [example, ...outs] = unravelled(
      this.#source,
      this.#within(`row${p}`, row, this.#rows),
      this.#sizes.slice(0, -1),
      `out${p}_`,
    );
    const from = outs.map((out, i) =>
      bound(this.#source, `from${p}_${i}`, subtractIndex(multiplyIndex(out, stride[i]!), lo[i]!)),
    );
    return { example: example!, from };
  }

  /** Loops over the entries of the kernel, along the axes that are left. */
  #window(entry: readonly Index[], places: readonly Place[], channels: readonly Index[]): void {
    const source = this.#source;
    const axis = entry.length;
    if (axis === this.#attrs.stride.length) {
      this.#entry(entry, places, channels);
      return;
    }
    const name = `k${axis}`;
    source.nested(source.language.loop(name, "0", source.index(this.#w.sizes[axis]!), "1"), () =>
      this.#window([...entry, named(source, name)], places, channels),
    );
  }

  /** What one entry of the kernel contributes. */
  #entry(entry: readonly Index[], places: readonly Place[], channels: readonly Index[]): void {
    const source = this.#source;
    const { language } = source;
    const [x, w] = [this.#x, this.#w];
    const { groups } = this.#attrs;
    const perGroup = w.sizes.at(-2)!;
    const group = groups === 1 ? constantIndex(0) : floorDiv(channels[0]!, floorDiv(this.#out, groups));
    const first = bound(source, "first_seen", multiplyIndex(group, perGroup));
    const starts = places.map((place, p) => this.#start(p, place, entry, first));
    const columns = channels.map((channel, j) =>
      bound(source, `w${j}`, placeOf(w, [...entry, constantIndex(0), channel])),
    );
    const [slotX, slotW] = [slotOf(this.#kernel, x), slotOf(this.#kernel, w)];
    source.nested(language.loop("c", "0", source.index(perGroup), "1"), () => {
      const c = named(source, "c");
      const address = (base: Index, stride: Index): string => source.index(addIndex(base, multiplyIndex(c, stride)));
      for (const [j, column] of columns.entries())
        source.line(language.let(`q${j}`, "float32", language.load(slotW, address(column, w.strides.at(-2)!))));
      for (const [p, start] of starts.entries()) {
        const element = language.load(slotX, address(start, x.strides.at(-1)!));
        const operands = [`inside${p}`, element, this.#zero];
        const value = this.#isPadded ? language.alu("select", operands, "bool", "float32") : element;
        source.line(language.let(`p${p}`, "float32", value));
        for (const j of columns.keys()) {
          const sum = `sum${p * this.#channels + j}`;
          source.line(`${sum} = ${language.multiplyAdd(`p${p}`, `q${j}`, sum)};`);
        }
      }
    });
  }

  /** Where a place reads its first channel for an entry of the kernel; where it is outside of x, whatever lies first there. */
  #start(p: number, { example, from }: Place, entry: readonly Index[], first: Index): Index {
    const source = this.#source;
    const { rhsDilation, lhsDilation } = this.#attrs;
    let inside: Predicate = always;
    const read = from.map((origin, i) => {
      const at = bound(source, `at${p}_${i}`, addIndex(origin, multiplyIndex(entry[i]!, rhsDilation[i]!)));
      const spread = lhsDilation[i]!;
      const place = spread === 1 ? at : bound(source, `over${p}_${i}`, floorDiv(at, spread));
      inside = and(inside, lessThan(-1, at), lessThan(place, this.#x.sizes[i + 1]!));
      if (spread > 1) inside = and(inside, equalIndex(modIndex(at, spread), 0));
      return place;
    });
    const start = placeOf(this.#x, [example, ...read, first]);
    if (!this.#isPadded) return bound(source, `x${p}`, start);
    const { language } = source;
    source.line(language.let(`inside${p}`, "bool", source.index(inside)));
    const chosen = language.index.select(`inside${p}`, source.index(start), source.index(this.#x.start));
    source.line(language.let(`x${p}`, "int32", chosen));
    return named(source, `x${p}`);
  }

  /** The sums one after another, so that the code for one stands there once. */
  #finish(firstRow: Index, firstChannel: Index): void {
    const source = this.#source;
    const { language } = source;
    const sums = this.#sums();
    source.line(language.array("sums", "float32", sums.length));
    for (const [s, sum] of sums.entries()) source.line(`sums[${s}] = ${sum};`);
    source.nested(language.loop("s", "0", String(sums.length), "1"), () => {
      const s = named(source, "s");
      const row = bound(source, "row", addIndex(firstRow, floorDiv(s, this.#channels)));
      const column = addIndex(firstChannel, multiplyIndex(modIndex(s, this.#channels), ACROSS));
      bound(source, "channel", column);
      source.where(and(lessThan(row, this.#rows), lessThan(named(source, "channel"), this.#out)), () => {
        unravelled(source, row, this.#sizes.slice(0, -1), "out_");
        source.line(language.let("result", "float32", "sums[s]"));
        const at = [...this.#sizes.slice(0, -1).map((_, axis) => `out_${axis}`), "channel"];
        finish(source, this.#kernel.results[0]!, "result", at);
      });
    });
  }
}
