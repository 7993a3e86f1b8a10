import { flattened } from "../emit/dot.ts";
import { ceilDiv } from "../index-division.ts";
import type { Index } from "../index-node.ts";
import type { For, LoopKernel, Register, Statement } from "../kernel/kernel.ts";
import { eachPart } from "../kernel/walk.ts";
import type { Language } from "./language.ts";
import { type Mapping, type MappingLimits, mappingOf } from "./mapping.ts";
import { Source } from "./source.ts";

/** A kernel as what each thread of a grid of workgroups does. */
export interface ThreadCode {
  /** Threads of a workgroup. */
  readonly threads: number;
  /** Number of workgroups, as an expression in the kernel's scalars. */
  readonly groups: Index;
  /** What stands at module scope. */
  readonly declarations: string;
  readonly body: string;
}

/** A kernel of loops in a target's language. */
export function renderThreads(kernel: LoopKernel, language: Language, limits: MappingLimits): ThreadCode {
  const mapping = mappingOf(kernel, limits);
  return mapping.kind === "each" ? renderEach(kernel, mapping, language) : renderRows(kernel, mapping, language);
}

/** A thread for each iteration, or for several side by side; the last workgroup may have threads that have nothing to do. */
function renderEach(kernel: LoopKernel, mapping: Mapping, language: Language): ThreadCode {
  const { chain, body, threads } = mapping;
  const { vectors } = language;
  const wide = vectors?.wide.of(kernel, mapping, vectors);
  const count = wide === undefined ? 1 : vectors!.count;
  const source = new Source(language, kernel);
  const { alu, group, thread, constant } = language;
  const at = flattenedChain(chain);
  const product = (a: string, b: number): string => alu("mul", [a, constant("int32", b)], "int32", "int32");
  const own = alu("add", [product(group, threads), thread], "int32", "int32");
  source.bind(at.variable, wide === undefined ? own : product(own, count));
  const isOutside = alu("ge", [source.index(at.variable), source.index(at.size)], "int32", "bool");
  source.line(`if (${isOutside}) { return; }`);
  unravel(source, chain, at.index);
  if (wide === undefined) source.statements(body);
  else vectors!.wide.render(source, mapping, wide, vectors!);
  const groups = ceilDiv(at.size, threads * count);
  return { threads, groups, declarations: "", body: source.text };
}

/** A workgroup for each iteration. */
function renderRows(kernel: LoopKernel, { chain, body, threads }: Mapping, language: Language): ThreadCode {
  const source = new Source(language, kernel);
  const row = flattenedChain(chain);
  source.bind(row.variable, language.group);
  unravel(source, chain, row.index);
  const declarations = new Rows(source, threads).run(body);
  return { threads, groups: row.size, declarations, body: source.text };
}

const flattenedChain = (chain: readonly For[]) =>
  flattened(
    "at",
    chain.map(({ size }) => size),
  );

function unravel(source: Source, chain: readonly For[], index: readonly Index[]): void {
  for (const [i, { variable }] of chain.entries()) source.bind(variable, source.index(index[i]!));
}

/** The body of a row, by the threads of a workgroup: what stands in its loops is shared out, the rest is done by each. */
class Rows {
  readonly #source: Source;
  readonly #threads: number;
  readonly #declarations: string[] = [];

  constructor(source: Source, threads: number) {
    this.#source = source;
    this.#threads = threads;
  }

  run(body: readonly Statement[]): string {
    const source = this.#source;
    const { language } = source;
    const own = new Set<Register>(body.flatMap((s) => (s.kind === "declare" ? [s.register] : [])));
    const lastUpdate = new Map<Register, Statement>();
    for (const s of body) for (const register of updatedIn(s)) if (own.has(register)) lastUpdate.set(register, s);
    let stored = false;
    for (const s of body) {
      const shared = s.kind === "for" && s.role !== "serial";
      const alone = !shared && s.kind !== "let" && s.kind !== "bind" && s.kind !== "declare";
      if (shared) {
        source.loop(s.variable, s.size, () => source.statements(s.body), language.thread, String(this.#threads));
      } else if (alone) {
        // others may still have to read what is stored over
        if (!stored) source.line(language.barrier);
        source.if(language.alu("eq", [language.thread, "0"], "int32", "bool"), () => source.statement(s));
      } else source.statement(s);
      stored = alone;
      this.#join([...lastUpdate].flatMap(([register, last]) => (last === s ? [register] : [])));
    }
    return this.#declarations.join("\n");
  }

  /** What the threads have in registers becomes one value, in a fixed order, and each gets it. */
  #join(registers: readonly Register[]): void {
    if (registers.length === 0) return;
    const { lanes } = this.#source.language;
    if (lanes !== undefined && this.#threads % lanes.count === 0)
      lanes.join(this.#source, registers, this.#threads, lanes, (register, count) => this.#shared(register, count));
    else this.#joinThreads(registers);
  }

  /** An array in which each of so many threads has its value of a register. */
  #shared(register: Register, count: number): string {
    const name = `shared_${this.#source.register(register)}`;
    this.#declarations.push(this.#source.language.shared(name, register.type, count));
    return name;
  }

  /** By a tree in shared arrays. */
  #joinThreads(registers: readonly Register[]): void {
    const source = this.#source;
    const { language } = source;
    const { thread } = language;
    const arrays = registers.map((register) => {
      const name = this.#shared(register, this.#threads);
      source.line(`${name}[${thread}] = ${source.register(register)};`);
      return name;
    });
    source.line(language.barrier);
    for (let half = this.#threads / 2; half >= 1; half /= 2) {
      source.if(language.alu("lt", [thread, String(half)], "int32", "bool"), () => {
        for (const [i, { combine, type }] of registers.entries()) {
          const [here, there] = [`${arrays[i]}[${thread}]`, `${arrays[i]}[${thread} + ${half}]`];
          source.line(`${here} = ${language.combine(combine, type, here, there)};`);
        }
      });
      source.line(language.barrier);
    }
    for (const [i, register] of registers.entries()) source.line(`${source.register(register)} = ${arrays[i]}[0];`);
  }
}

/** The registers that a statement, or one inside of it, updates. */
function updatedIn(statement: Statement): ReadonlySet<Register> {
  const found = new Set<Register>();
  eachPart(statement, (part) => {
    const { kind, register } = part as { readonly kind?: string; readonly register?: Register };
    if (kind === "update") found.add(register!);
  });
  return found;
}
