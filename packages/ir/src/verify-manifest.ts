import { DimExpr } from "./dim.ts";
import { calledBy, type Module, type SideTables, type StateRow, type WeightRow } from "./module.ts";
import { solvable } from "./recorded.ts";
import { sameType, type TensorType, typeText } from "./shape.ts";
import type { Faults } from "./verify-fault.ts";
import { type FunctionFacts, indices, isName } from "./verify-functions.ts";

const quoted = (text: unknown): string => JSON.stringify(String(text).slice(0, 80));

type Functions = ReadonlyMap<string, FunctionFacts>;

/** Entries: their names, their functions, and that their inputs bind every size. */
export function checkEntries(module: Module, functions: Functions, order: readonly string[], faults: Faults): void {
  const sizes = new Map<string, ReadonlySet<string>>();
  for (const name of order) {
    const { def, sizes: own } = functions.get(name)!;
    const all = new Set(own);
    for (const callee of new Set(def.ops.flatMap(calledBy))) for (const size of sizes.get(callee)!) all.add(size);
    sizes.set(name, all);
  }
  for (const [entry, fn] of module.entries) {
    if (!isName(entry)) faults.add("E304", "entry", `${quoted(entry)} cannot name an entry`);
    const facts = functions.get(fn);
    if (facts === undefined) {
      faults.add("E308", "entry", `there is no function @${fn} for the entry ${entry}`);
      continue;
    }
    const bound = new Set(
      facts.signature.inputs.flatMap(({ shape }) => shape.flatMap((d) => (d instanceof DimExpr ? solvable(d) : []))),
    );
    for (const size of sizes.get(fn)!) {
      if (!bound.has(size))
        faults.add("E317", "entry", `no input of ${entry} tells the size ${size}`, {
          fn,
          hint: `give it an input with an axis of size ${size}`,
        });
    }
  }
}

/** Weights and state against the entries that they belong to. */
export function checkManifests(module: Module, functions: Functions, faults: Faults): void {
  const weights = new Manifest("weight", module, functions, faults);
  for (const row of module.weights) {
    weights.check(row);
    weights.wellFormed(row, /^[0-9a-f]{64}$/.test(row.sha256), "the digest is 64 hexadecimal digits", row.sha256);
    weights.wellFormed(row, /^[\w-][\w.-]{0,255}$/.test(row.blob), "the blob has a plain name and no path", row.blob);
  }
  const state = new Manifest("state", module, functions, faults);
  for (const row of module.state) {
    const results = state.check(row)?.results;
    if (results !== undefined) state.place(row, "result", row.output, results);
    state.wellFormed(row, /^[a-z][\w-]{0,63}$/.test(row.role), "the role is a word", row.role);
    state.wellFormed(row, isName(row.owner), "the owner is the name of a package", row.owner);
  }
}

class Manifest {
  private readonly kind: "weight" | "state";
  private readonly module: Module;
  private readonly functions: Functions;
  private readonly faults: Faults;
  private readonly taken = new Set<string>();

  constructor(kind: "weight" | "state", module: Module, functions: Functions, faults: Faults) {
    this.kind = kind;
    this.module = module;
    this.functions = functions;
    this.faults = faults;
  }

  /** The name, entry, input and type of a row; the entry's signature where it has one. */
  check(row: WeightRow | StateRow): FunctionFacts["signature"] | undefined {
    this.wellFormed(row, isName(row.name), "the name may be that of a tensor", row.name);
    this.unique(row, `name ${row.name}`);
    const fn = this.module.entries.get(row.entry);
    if (fn === undefined) {
      this.faults.add("E314", this.title(row), `there is no entry ${row.entry}`);
      return undefined;
    }
    const { signature } = this.functions.get(fn)!;
    this.place(row, "input", row.input, signature.inputs);
    return signature;
  }

  /** That the input or result of a row exists, has its type, and belongs to no other row. */
  place(row: WeightRow | StateRow, what: "input" | "result", index: number, types: readonly TensorType[]): void {
    const type = types[index];
    if (type === undefined) {
      this.faults.add("E314", this.title(row), `the ${what} is one of ${row.entry}`, {
        got: String(index),
        expected: indices("", types.length),
      });
      return;
    }
    if (!sameType(type, row.type)) {
      this.faults.add("E314", this.title(row), `the type is that of ${what} ${index} of ${row.entry}`, {
        got: typeText(row.type),
        expected: typeText(type),
      });
    }
    this.unique(row, `${what} ${index}`);
  }

  wellFormed(row: WeightRow | StateRow, fits: boolean, rule: string, got: string): void {
    if (!fits) this.faults.add("E315", this.title(row), rule, { got: quoted(got) });
  }

  private unique(row: WeightRow | StateRow, what: string): void {
    const key = `${row.entry} ${what}`;
    if (this.taken.has(key))
      this.faults.add("E315", this.title(row), `another row of ${row.entry} has the same ${what}`);
    this.taken.add(key);
  }

  private title({ name }: WeightRow | StateRow): string {
    return `${this.kind} ${isName(name) ? name : quoted(name)}`;
  }
}

/** Side tables name functions, values and rows that exist. */
export function checkTables({ names, scopes, sources }: SideTables, functions: Functions, faults: Faults): void {
  for (const [what, table] of Object.entries({ names, scopes, sources })) {
    for (const [fn, notes] of table) {
      const facts = functions.get(fn);
      if (facts === undefined) {
        faults.add("E318", "tables", `${what} has notes on @${fn}, which does not exist`);
        continue;
      }
      const count = what === "names" ? facts.types.length : facts.def.ops.length;
      for (const index of notes.keys()) {
        if (!Number.isInteger(index) || index < 0 || index >= count)
          faults.add("E318", "tables", `${what} has a note on number ${index} of ${count}`, { fn });
      }
    }
  }
}
