import type { FunctionRef, Signature } from "./attrs.ts";
import { type Dim, dimSymbol, dimSymbols } from "./dim.ts";
import { checkLimit, defaultLimits, type Limits } from "./limits.ts";
import {
  type FunctionDef,
  type FunctionName,
  functionName,
  type InputDef,
  type Module,
  type OpRow,
  type SideTables,
  type StateRow,
  type WeightRow,
} from "./module.ts";
import { didYouMean } from "./prose.ts";
import { sameType, type TensorType } from "./shape.ts";
import { registerStandardOps } from "./standard-ops.ts";
import { Body } from "./text-body.ts";
import { Scanner } from "./text-scanner.ts";
import { type Names, readFunctionName, readType, readTypes } from "./text-value.ts";

/** The module that a text describes; meaning is checked by `verify`. Throws `FormatError` with line and column. */
export function parseModule(text: string, options: { readonly limits?: Partial<Limits> } = {}): Module {
  const limits = { ...defaultLimits, ...options.limits };
  checkLimit("text", limits, "fileBytes", text.length);
  registerStandardOps();
  return new Parser(new Scanner(text), limits).module();
}

type Writable = { [K in keyof SideTables]: Map<string, Map<number, string>> };

class Parser implements Names {
  readonly limits: Limits;
  readonly knownTypes = new Map<string, TensorType>();
  private readonly scan: Scanner;
  private readonly opsets = new Map<string, number>();
  private readonly symbols = new Map<string, Dim>();
  private readonly functions: FunctionDef[] = [];
  private readonly signatures = new Map<string, Signature>();
  private readonly entries = new Map<string, string>();
  private readonly weights: WeightRow[] = [];
  private readonly state: StateRow[] = [];
  private readonly tables: Writable = { names: new Map(), scopes: new Map(), sources: new Map() };
  /** Functions that were mentioned, with the place of the first mention. */
  private readonly mentioned = new Map<string, { readonly ref: FunctionName; readonly at: number }>();
  private ops = 0;

  constructor(scan: Scanner, limits: Limits) {
    this.scan = scan;
    this.limits = limits;
  }

  module(): Module {
    const { scan } = this;
    if (!scan.eatWord("ir")) throw scan.unexpected("ir and a version, such as ir 1.0");
    const major = scan.integer("a version such as 1.0");
    scan.expect(".");
    const version = [major, scan.integer("a minor version")] as const;
    while (!scan.ended) this.item();
    for (const [name, { at }] of this.mentioned) {
      if (this.signatures.has(name)) continue;
      throw scan.problem(
        "E111",
        `there is no function @${name}`,
        at,
        didYouMean(name, this.signatures.keys()) || undefined,
      );
    }
    return {
      version,
      opsets: this.opsets,
      symbols: [...this.symbols.values()].flatMap((d) => [...dimSymbols(d).values()]),
      functions: this.functions,
      entries: this.entries,
      weights: this.weights,
      state: this.state,
      tables: this.tables,
    };
  }

  symbol = (name: string): Dim => {
    const found = this.symbols.get(name);
    if (found !== undefined) return found;
    throw this.scan.problem("E111", `there is no size ${name}`, this.scan.at, `declare it: sym ${name} in 1..65536`);
  };

  fn(name: string, at: number): FunctionRef {
    const before = this.mentioned.get(name);
    if (before !== undefined) return before.ref;
    const ref = functionName(name, this.signatures);
    this.mentioned.set(name, { ref, at });
    return ref;
  }

  private item(): void {
    const { scan } = this;
    if (scan.eatWord("fn")) this.function();
    else if (scan.eatWord("opset")) this.opset();
    else if (scan.eatWord("sym")) this.size();
    else if (scan.eatWord("entry")) this.entry();
    else if (scan.eatWord("weight")) this.weight();
    else if (scan.eatWord("state")) this.stateRow();
    else throw scan.unexpected("opset, sym, fn, entry, weight or state");
  }

  private once(map: ReadonlyMap<string, unknown>, name: string, what: string, at: number): void {
    if (map.has(name)) throw this.scan.problem("E112", `${what} is declared twice`, at);
  }

  private name(what: string): string {
    return this.scan.sees('"') ? this.scan.string(what) : this.scan.word(what);
  }

  private opset(): void {
    do {
      const at = this.scan.at;
      const name = this.name("the name of an op set");
      this.once(this.opsets, name, `the op set ${name}`, at);
      this.scan.expect("@");
      this.opsets.set(name, this.scan.integer("a version"));
    } while (this.scan.eat(","));
  }

  private size(): void {
    const { scan } = this;
    const at = scan.at;
    const name = scan.word("the name of a size");
    this.once(this.symbols, name, `the size ${name}`, at);
    if (!scan.eatWord("in")) throw scan.unexpected("in");
    const min = scan.integer("the smallest value");
    scan.expect("..");
    const max = scan.integer("the largest value");
    const multiple = scan.eatWord("mult") ? scan.integer("a divisor") : 1;
    this.symbols.set(
      name,
      scan.located("E113", at, () => dimSymbol(name, { min, max, multiple })),
    );
  }

  private entry(): void {
    const at = this.scan.at;
    const name = this.name("the name of an entry");
    this.once(this.entries, name, `the entry ${name}`, at);
    this.scan.expect("=");
    const place = this.scan.at;
    const fn = readFunctionName(this.scan);
    this.fn(fn, place);
    this.entries.set(name, fn);
  }

  /** `weight "w": f32[2] = forward 0 sha256 "…" blob "…"` */
  private weight(): void {
    const { scan } = this;
    const row = this.manifestRow();
    if (!scan.eatWord("sha256")) throw scan.unexpected("sha256");
    const sha256 = scan.string("a digest");
    if (!scan.eatWord("blob")) throw scan.unexpected("blob");
    this.weights.push({ ...row, sha256, blob: scan.string("the name of a blob") });
  }

  /** `state "w": f32[2] = train_step 0 -> 1 role parameter owner "…"` */
  private stateRow(): void {
    const { scan } = this;
    const row = this.manifestRow();
    scan.expect("->");
    const output = scan.integer("the number of a result");
    if (!scan.eatWord("role")) throw scan.unexpected("role");
    const role = this.name("a role");
    if (!scan.eatWord("owner")) throw scan.unexpected("owner");
    this.state.push({ ...row, output, role, owner: scan.string("the name of a package") });
  }

  private manifestRow(): Pick<WeightRow, "name" | "type" | "entry" | "input"> {
    const name = this.scan.string("a name in quotes");
    this.scan.expect(":");
    const type = readType(this.scan, this);
    this.scan.expect("=");
    return { name, type, entry: this.name("the name of an entry"), input: this.scan.integer("the number of an input") };
  }

  private function(): void {
    const { scan, limits } = this;
    checkLimit("text", limits, "functions", this.functions.length + 1, () => scan.place());
    const at = scan.at;
    const name = readFunctionName(scan);
    this.once(this.signatures, name, `the function @${name}`, at);
    const body = new Body(scan, this);
    const inputs = this.inputs(body);
    scan.expect("->");
    const declared = this.resultTypes();
    scan.expect("{");
    const ops: OpRow[] = [];
    const [scopes, sources] = [new Map<number, string>(), new Map<number, string>()];
    while (!scan.eatWord("return")) {
      checkLimit("text", limits, "ops", ++this.ops, () => scan.place());
      ops.push(body.row());
      if (scan.eatWord("in")) scopes.set(ops.length - 1, scan.string("a layer path"));
      if (scan.eatWord("at")) sources.set(ops.length - 1, scan.string("a source place"));
    }
    const end = scan.at;
    const results = scan.sees("%") ? body.uses() : [];
    checkLimit("text", limits, "arguments", results.length, () => scan.place(end));
    scan.expect("}");
    const types = results.map((v) => body.types[v]!);
    if (types.length !== declared.length || !types.every((t, i) => sameType(t, declared[i]!))) {
      throw scan.problem("E115", `@${name} does not return the types that it declares`, end);
    }
    this.functions.push({ name, inputs, ops, results });
    this.signatures.set(name, { inputs: inputs.map((i) => i.type), results: types });
    if (body.names.size > 0) this.tables.names.set(name, body.names);
    if (scopes.size > 0) this.tables.scopes.set(name, scopes);
    if (sources.size > 0) this.tables.sources.set(name, sources);
  }

  private inputs(body: Body): InputDef[] {
    const { scan } = this;
    const inputs: InputDef[] = [];
    scan.expect("(");
    while (!scan.sees(")")) {
      const define = body.definition();
      scan.expect(":");
      const type = readType(scan, this);
      define(type);
      inputs.push({ type, ...(scan.eatWord("alias") && { alias: scan.integer("the number of a result") }) });
      checkLimit("text", this.limits, "arguments", inputs.length, () => scan.place());
      if (!scan.eat(",")) break;
    }
    scan.expect(")");
    return inputs;
  }

  private resultTypes(): readonly TensorType[] {
    const { scan } = this;
    scan.expect("(");
    const types = scan.sees(")") ? [] : readTypes(scan, this);
    scan.expect(")");
    return types;
  }
}
