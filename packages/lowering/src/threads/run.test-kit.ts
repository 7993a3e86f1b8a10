import { evaluateIndex } from "../index-fold.ts";
import { combinationOf, identityOf, meaningOf } from "../kernel/evaluate-alu.test-kit.ts";
import { Memory } from "../kernel/evaluate-memory.test-kit.ts";
import type { AluValue, Kernel, LoopKernel, Value, ValueType } from "../kernel/kernel.ts";
import { joinLanes } from "./lanes.ts";
import type { Language } from "./language.ts";
import type { MappingLimits } from "./mapping.ts";
import { renderThreads, type ThreadCode } from "./render.ts";
import { wideCode } from "./wide.ts";

type Meaning = (...operands: readonly number[]) => number;

/**
 * JavaScript, in which a barrier is a `yield`, also one for which a value is exchanged, and operations mean what they mean to the
 * evaluator of kernels.
 */
function javaScript(meanings: Meaning[], lanes: number): Language {
  const call = (meaning: Meaning, ...operands: readonly string[]): string =>
    `means[${meanings.push(meaning) - 1}](${operands.join(", ")})`;
  const infix = (operator: string) => (a: string, b: string) => `(${a} ${operator} ${b})`;
  const constant = (_: ValueType, value: number): string => (Object.is(value, -0) ? "-0" : String(value));
  return {
    index: {
      constant: String,
      add: infix("+"),
      subtract: infix("-"),
      multiply: infix("*"),
      floorDiv: (a, b) => `Math.floor(${a} / ${b})`,
      mod: (a, b) => `(${a} - ${b} * Math.floor(${a} / ${b}))`,
      min: (a, b) => `Math.min(${a}, ${b})`,
      max: (a, b) => `Math.max(${a}, ${b})`,
      select: (condition, a, b) => `(${condition} ? ${a} : ${b})`,
      boolean: (value) => String(Number(value)),
      less: (a, b) => `+(${a} < ${b})`,
      equal: (a, b) => `+(${a} === ${b})`,
      notEqual: (a, b) => `+(${a} !== ${b})`,
      and: infix("&"),
      or: infix("|"),
    },
    type: () => "number",
    constant,
    alu(op, operands, from, type) {
      const types = op === "select" ? (["bool", type, type] as const) : operands.map(() => from);
      const values = types.map((t): Value => ({ kind: "given", type: t }) as Value);
      return call(meaningOf({ kind: "alu", op, operands: values, type } as AluValue), ...operands);
    },
    multiplyAdd: (a, b, c) => call((x, y, z) => Math.fround(x! * y! + z!), a, b, c),
    combine: (combine, type, a, b) => call(combinationOf({ combine, type, name: "r" }), a, b),
    identity: (combine, type) => constant(type, identityOf({ combine, type })),
    load: (slot, address) => `memories[${slot}].load(${address})`,
    store: (slot, address, value) => `memories[${slot}].store(${address}, ${value});`,
    let: (name, _type, value) => `const ${name} = ${value};`,
    variable: (name, _type, value) => `let ${name} = ${value};`,
    array: (name, _type, count) => `const ${name} = new Array(${count}).fill(NaN);`,
    loop: (name, from, below, step) => `for (let ${name} = ${from}; ${name} < ${below}; ${name} += ${step})`,
    shared: (name, _type, count) => `const ${name} = new Array(${count}).fill(NaN);`,
    barrier: "yield;",
    vectors: {
      count: 4,
      has: () => true,
      load: (slot, address, array) =>
        `for (let i = 0; i < 4; i++) ${array}[i] = memories[${slot}].load(${address} + i);`,
      store: (slot, address, array) =>
        `for (let i = 0; i < 4; i++) memories[${slot}].store(${address} + i, ${array}[i]);`,
      wide: wideCode,
    },
    ...(lanes > 1 && {
      lanes: { count: lanes, across: (value, _, bit) => `(yield { value: ${value}, bit: ${bit} })`, join: joinLanes },
    }),
    group: "group",
    thread: "thread",
  };
}

type Workgroup = (
  memories: readonly Memory[],
  group: number,
  means: readonly Meaning[],
  ...scalars: number[]
) => Thread;
type Thread = (thread: number) => Generator<Exchange | undefined, void, number | undefined>;

/** What a lane gives, and the bit in which the number of the one differs whose value it wants. */
interface Exchange {
  readonly value: number;
  readonly bit: number;
}

/**
 * What is in all buffers after each workgroup has run by itself, its threads in turns from one barrier to the next, the last
 * thread first.
 */
export const threaded = (kernel: LoopKernel, limits: MappingLimits, lanes = 1) =>
  threadedAs(kernel, (language) => renderThreads(kernel, language, limits), lanes);

/** The same of any kernel, by what writes it, where so many threads exchange values. */
export function threadedAs(kernel: Kernel, render: (language: Language) => ThreadCode, lanes = 1) {
  const meanings: Meaning[] = [];
  const { threads, groups, declarations, body } = render(javaScript(meanings, lanes));
  const scalarNames = kernel.scalars.map((_, i) => `n${i}`);
  const text = `${declarations}\nreturn function* (thread) {\n${body}\n}`;
  const workgroup = new Function("memories", "group", "means", ...scalarNames, text) as Workgroup;
  return (memories: readonly Memory[], scalars: readonly number[]): Memory[] => {
    const copies = memories.map(({ dtype, data }) => new Memory(dtype, data.slice()));
    const located = copies.map((memory) => ({
      load: (at: number) => memory.load(at, undefined),
      store: (at: number, value: number) => memory.store(at, Number(value), undefined),
    })) as unknown as Memory[];
    const count = evaluateIndex(groups, new Map(kernel.scalars.map(({ name }, i) => [name, scalars[i]!])));
    for (let group = 0; group < count; group++) {
      const start = workgroup(located, group, meanings, ...scalars);
      let running = Array.from({ length: threads }, (_, i) => ({
        number: threads - 1 - i,
        run: start(threads - 1 - i),
      }));
      let given: ReadonlyMap<number, Exchange> = new Map();
      while (running.length > 0) {
        const asked = new Map<number, Exchange>();
        running = running.filter(({ number, run }) => {
          const { bit } = given.get(number) ?? {};
          const { done, value } = run.next(bit === undefined ? undefined : given.get(number ^ bit)!.value);
          if (value !== undefined) asked.set(number, value);
          return done !== true;
        });
        given = asked;
      }
    }
    return copies;
  };
}
