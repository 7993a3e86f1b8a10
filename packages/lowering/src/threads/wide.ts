import { constantIndex } from "../index-expression.ts";
import { always } from "../index-predicate.ts";
import type { LoadValue, LoopKernel, Statement, Store } from "../kernel/kernel.ts";
import { strideOf } from "../view-address.ts";
import type { Vectors } from "./language.ts";
import type { Mapping } from "./mapping.ts";
import type { Source } from "./source.ts";

/** Where fewer elements are known to be, each is better a thread's. */
const MANY = 65_536;

type Access = LoadValue | Store;

/** Whether a thread is to have elements side by side, and whether they may be fewer than `count` at the end. */
export interface Wide {
  readonly accesses: ReadonlySet<Access>;
  readonly ragged: boolean;
}

/** Straight code whose accesses lie side by side along the innermost loop, or in one place for all of it. */
function wideOf({ slots }: LoopKernel, { chain, body }: Mapping, vectors: Vectors): Wide | undefined {
  const last = chain.at(-1);
  if (last === undefined) return undefined;
  const { count } = vectors;
  const ragged = !(last.size.kind === "constant" && last.size.value % count === 0);
  const total = chain.reduce((n, { size }) => n * (size.kind === "constant" ? size.value : MANY), 1);
  if (total < MANY || (ragged && chain.length > 1)) return undefined;
  const accesses = new Set<Access>();
  for (const s of body) {
    if (s.kind !== "let" && s.kind !== "store") return undefined;
    const access = s.kind === "store" ? s : s.value;
    if (access.kind !== "store" && access.kind !== "load") continue;
    const stride = strideOf(access.address, last.variable);
    const isBeside = stride === constantIndex(1);
    if (!isBeside && stride !== constantIndex(0)) return undefined;
    if (isBeside && access.mask === always && vectors.has(slots.indexOf(access.slot))) accesses.add(access);
  }
  return accesses.size === 0 ? undefined : { accesses, ragged };
}

/** The body for `count` values of a variable from the one that has the name `first` on: loads, then all else, then stores. */
function renderWide(
  source: Source,
  { chain, body }: Mapping,
  { accesses }: Wide,
  { count, load, store }: Vectors,
  first: string,
): void {
  const { language } = source;
  const { variable } = chain.at(-1)!;
  const arrays = new Map<Access, string>();
  const addressOf = ({ address }: Access): string => {
    source.name(variable, first);
    return source.index(address);
  };
  for (const access of accesses) {
    const array = source.fresh("w");
    arrays.set(access, array);
    const { type } = access.kind === "load" ? access : access.value;
    source.line(language.array(array, type, count));
    if (access.kind === "load") source.line(load(source.slot(access.slot), addressOf(access), array));
  }
  const each = (s: Statement, lane: number): void => {
    if (s.kind === "let" && s.value.kind === "load" && arrays.has(s.value))
      source.name(s.value, `${arrays.get(s.value)}[${lane}]`);
    else if (s.kind === "store" && arrays.has(s)) source.line(`${arrays.get(s)}[${lane}] = ${source.value(s.value)};`);
    else source.statement(s);
  };
  for (let lane = 0; lane < count; lane++) {
    source.bind(variable, lane === 0 ? first : language.index.add(first, String(lane)));
    for (const s of body) each(s, lane);
  }
  for (const [access, array] of arrays)
    if (access.kind === "store") source.line(store(source.slot(access.slot), addressOf(access), array));
}

/** Several iterations at once, or as many as are left. */
function renderParts(source: Source, mapping: Mapping, wide: Wide, vectors: Vectors): void {
  const { language } = source;
  const { variable, size } = mapping.chain.at(-1)!;
  const first = source.index(variable);
  if (!wide.ragged) {
    renderWide(source, mapping, wide, vectors, first);
    return;
  }
  const end = source.fresh("i");
  const limit = language.index.min(language.index.add(first, String(vectors.count)), source.index(size));
  source.line(language.let(end, "int32", limit));
  const isWhole = language.index.equal(end, language.index.add(first, String(vectors.count)));
  source.if(isWhole, () => renderWide(source, mapping, wide, vectors, first));
  source.if(language.index.notEqual(end, language.index.add(first, String(vectors.count))), () => {
    const name = source.fresh("i");
    source.name(variable, name);
    source.nested(language.loop(name, first, end, "1"), () => source.statements(mapping.body));
  });
}

/** How code with vectors is found and written. Only languages that have vectors lead here. */
export const wideCode = { of: wideOf, render: renderParts };
