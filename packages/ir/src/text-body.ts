import { isFunctionRef } from "./attr-value.ts";
import type { AttrKind, Attrs, AttrValue } from "./attrs.ts";
import { checkLimit } from "./limits.ts";
import { type FunctionName, namespaceOf, type OpRow } from "./module.ts";
import { didYouMean } from "./prose.ts";
import type { TensorType } from "./shape.ts";
import type { Scanner } from "./text-scanner.ts";
import { type Elements, elementsOf, type Names, readElements, readRecord, readTypes } from "./text-value.ts";
import { defaultOf, isDerived, readAttrs, schemaOf } from "./written.ts";

/** The values of the function that is being read. */
export class Body {
  readonly types: TensorType[] = [];
  readonly names = new Map<number, string>();
  private readonly byName = new Map<string, number>();
  private readonly scan: Scanner;
  private readonly context: Names;

  constructor(scan: Scanner, context: Names) {
    this.scan = scan;
    this.context = context;
  }

  /** A value that is defined here: `%name`, `%7`, or `%7"any name"`. It exists once its type is known. */
  definition(): (type: TensorType) => void {
    const { scan } = this;
    const at = scan.at;
    const label = this.label();
    const name = /^\d/.test(label) ? (scan.sees('"') ? scan.string("a name") : undefined) : label;
    return (type) => {
      const number = this.types.length;
      if (/^\d/.test(label) && Number(label) !== number) {
        throw scan.problem(
          "E110",
          `the next value is %${number}, not %${label}`,
          at,
          "number values in order, or give them names",
        );
      }
      if (this.byName.has(label)) throw scan.problem("E112", `the value %${label} is defined twice`, at);
      this.byName.set(label, number);
      if (name !== undefined) this.names.set(number, name);
      this.types.push(type);
    };
  }

  private label(): string {
    const label = this.scan.take(/%(?:\d+|[A-Za-z_][\w.]*)/y);
    if (label === undefined) throw this.scan.unexpected("a value such as %x");
    return label.slice(1);
  }

  /** `%x, %w` */
  uses(): number[] {
    const values: number[] = [];
    do {
      const at = this.scan.at;
      const label = this.label();
      const number = this.byName.get(label);
      if (number === undefined) {
        throw this.scan.problem(
          "E111",
          `there is no value %${label} yet`,
          at,
          didYouMean(label, [...this.byName.keys()].slice(0, 200)) || undefined,
        );
      }
      values.push(number);
    } while (this.scan.eat(","));
    return values;
  }

  /** `%y = dot %x, %w {contract=[[1],[0]]} : f32[B,128]` */
  row(): OpRow {
    const { scan, context } = this;
    const start = scan.at;
    const defined: ((type: TensorType) => void)[] = [];
    if (scan.eat("(")) scan.expect(")");
    else {
      do defined.push(this.definition());
      while (scan.eat(","));
    }
    scan.expect("=");
    const opAt = scan.at;
    const { op, version } = this.opName();
    const elements = scan.sees("%") || scan.sees("{") || scan.sees(":") ? undefined : readElements(scan);
    const operands = scan.sees("%") ? this.uses() : [];
    checkLimit("text", context.limits, "operands", Math.max(operands.length, defined.length), () => scan.place(start));
    const { given, decomp, vjp } = this.settings(op, version);
    scan.expect(":");
    const types = readTypes(scan, context);
    if (types.length !== defined.length) {
      throw scan.problem("E110", `${op} has ${types.length} result types for ${defined.length} names`, start);
    }
    const head = { op, version, types, ...(decomp && { decomp }), ...(vjp && { vjp }) };
    if (elements !== undefined) this.setElements(head, given, elements, opAt);
    const row: OpRow = { ...head, operands, attrs: this.complete(head, given, operands) };
    for (const [i, type] of types.entries()) defined[i]!(type);
    return row;
  }

  private opName(): { readonly op: string; readonly version: number } {
    const { scan } = this;
    const start = scan.at;
    const composite = scan.eatWord("composite");
    const op = scan.sees('"') ? scan.string("the name of an op") : scan.word("the name of an op");
    if (composite !== (namespaceOf(op) !== "core")) {
      throw scan.problem(
        "E110",
        composite ? `${op} has no namespace, so that it is no composite` : `${op} is written composite ${op}@version`,
        start,
      );
    }
    if (composite && !scan.sees("@")) throw scan.unexpected("@ and a version");
    return { op, version: scan.eat("@") ? scan.integer("a version") : 1 };
  }

  private settings(
    op: string,
    version: number,
  ): { given: Map<string, AttrValue>; decomp?: FunctionName; vjp?: FunctionName } {
    if (!this.scan.sees("{")) return { given: new Map() };
    const start = this.scan.at;
    if (namespaceOf(op) !== "core") {
      // a decomposition, which stands last, says that the attributes follow no schema
      const described = readRecord(this.scan, this.context, 0);
      const [decomp, vjp] = [described.get("decomp"), described.get("vjp")];
      if (isFunctionRef(decomp)) {
        described.delete("decomp");
        if (isFunctionRef(vjp)) described.delete("vjp");
        return {
          given: described,
          decomp: decomp as FunctionName,
          ...(isFunctionRef(vjp) && { vjp: vjp as FunctionName }),
        };
      }
      this.scan.at = start;
    }
    const schema = schemaOf({ op, version });
    const given = readRecord(this.scan, this.context, 0, (name, at): AttrKind | undefined => {
      const kind = schema !== undefined && Object.hasOwn(schema, name) ? schema[name] : undefined;
      if (kind !== undefined && (isDerived(kind) || kind.kind === "value")) {
        throw this.scan.problem(
          "E116",
          `${name} is not written among ${op}'s attributes`,
          at,
          isDerived(kind) ? "the result type states it" : `write it after ${op}`,
        );
      }
      return kind;
    });
    return { given };
  }

  private setElements(
    head: Pick<OpRow, "op" | "version" | "types">,
    given: Map<string, AttrValue>,
    elements: Elements,
    at: number,
  ): void {
    const [name] = Object.entries(schemaOf(head) ?? {}).find(([, kind]) => kind.kind === "value") ?? [];
    const type = head.types[0];
    if (name === undefined || type === undefined)
      throw this.scan.problem("E110", `${head.op} takes no value before its attributes`, at);
    given.set(name, elementsOf(this.scan, elements, type.dtype));
  }

  /** The attributes in normal form, with defaults. What has no normal form stays for the verifier. */
  private complete(
    head: Pick<OpRow, "op" | "version" | "types" | "decomp">,
    given: Map<string, AttrValue>,
    operands: readonly number[],
  ): Attrs {
    const args = operands.map((v) => this.types[v]!);
    for (const [name, kind] of Object.entries(schemaOf(head) ?? {})) {
      if (isDerived(kind)) continue;
      const value = given.get(name) ?? defaultOf(kind, args);
      if (value === undefined) continue;
      const normal = kind.kind === "dtype" ? value : kind.normalize(value, args[0]?.shape.length ?? 0);
      given.set(name, (normal ?? value) as AttrValue);
    }
    return readAttrs(head, given);
  }
}
