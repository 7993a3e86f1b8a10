import { constantIndex } from "../index-expression.ts";
import { variablesOf } from "../index-fold.ts";
import type { Index } from "../index-node.ts";
import type { For, LoopKernel, Statement } from "../kernel/kernel.ts";
import { strideOf } from "../view-address.ts";

/** How the iterations of a kernel become threads. */
export interface Mapping {
  /**
   * `each`: a thread for each iteration of the loops in `chain`. `rows`: a workgroup for each, whose threads share the loops
   * inside.
   */
  readonly kind: "each" | "rows";
  /** Parallel loops around everything that is stored, outermost first. */
  readonly chain: readonly For[];
  /** What stands between the loops of the chain, then the body of the innermost one. */
  readonly body: readonly Statement[];
  /** Threads of a workgroup. */
  readonly threads: number;
}

export interface MappingLimits {
  readonly maxThreads: number;
  readonly sharedBytes: number;
}

const EACH = 64;
const MOST = 256;
/** A row with fewer elements is one thread's work. */
const LONG = 32;
/** What an axis of unknown size is taken for. */
const UNKNOWN = 128;
/** So many threads hide what memory takes, each for itself. */
const MANY = 64;

export function mappingOf(kernel: LoopKernel, { maxThreads, sharedBytes }: MappingLimits): Mapping {
  const { chain, body } = chainOf(kernel);
  const inner = body.filter((s) => s.kind === "for" && s.role !== "serial") as For[];
  const each: Mapping = { kind: "each", chain, body, threads: Math.min(EACH, maxThreads) };
  const extent = Math.max(0, ...inner.map(({ size }) => extentOf(size)));
  if (extent < LONG || body.some((s) => s.kind === "if" && s.body.some((t) => t.kind === "for"))) return each;
  const threads = Math.min(2 ** Math.ceil(Math.log2(extent)), MOST, maxThreads);
  const registers = body.filter((s) => s.kind === "declare").length;
  if (registers * threads * 4 > sharedBytes) return each;
  const last = chain.at(-1);
  const rows = chain.reduce((n, { size }) => n * extentOf(size), 1);
  if (last !== undefined && rows >= MANY && liesAlong(inner, last)) return each;
  return { kind: "rows", chain, body, threads };
}

const extentOf = (size: Index): number => (size.kind === "constant" ? size.value : Math.min(size.high, UNKNOWN));

/** Parallel loops each of which has nothing beside it that acts. */
function chainOf(kernel: LoopKernel): Pick<Mapping, "chain" | "body"> {
  const chain: For[] = [];
  const between: Statement[] = [];
  const known = new Set<Index>(kernel.scalars);
  let body = kernel.body;
  for (;;) {
    const [next, ...more] = body.filter((s) => s.kind !== "let" && s.kind !== "bind");
    const isLink = next?.kind === "for" && next.role === "parallel" && more.length === 0;
    if (!isLink || ![...variablesOf(next.size)].every((v) => known.has(v))) break;
    between.push(...body.filter((s) => s !== next));
    chain.push(next);
    body = next.body;
  }
  return { chain, body: [...between, ...body] };
}

/** Whether what the loops read lies side by side along another loop, and not along them. */
function liesAlong(loops: readonly For[], other: For): boolean {
  let [along, across] = [0, 0];
  const visit = (statements: readonly Statement[], inner: For): void => {
    for (const s of statements) {
      if (s.kind === "for" || s.kind === "if") visit(s.body, s.kind === "for" ? s : inner);
      if (s.kind !== "let" || s.value.kind !== "load") continue;
      const isStep = ({ variable }: For): boolean =>
        strideOf((s.value as { address: Index }).address, variable) === constantIndex(1);
      if (isStep(other)) along++;
      else if (isStep(inner)) across++;
    }
  };
  for (const loop of loops) visit(loop.body, loop);
  return along > across;
}
