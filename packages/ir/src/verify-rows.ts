import { isFunctionRef, isList } from "./attr-value.ts";
import { type Attrs, type AttrValue, type FunctionRef, normalizeAttrs, type Signature } from "./attrs.ts";
import { type Dim, DimExpr } from "./dim.ts";
import { OptionError } from "./errors.ts";
import { mapRegions } from "./graph.ts";
import { checkLimit, type Limits } from "./limits.ts";
import { type FunctionName, functionName, type Module, namespaceOf, type OpRow } from "./module.ts";
import { compositeOp } from "./ops/composite-op.ts";
import type { OpRecord } from "./record.ts";
import { lookupOp } from "./registry.ts";
import { inferTypes } from "./rule.ts";
import { sameAttr } from "./same-attr.ts";
import { sameType, type TensorType, typeText } from "./shape.ts";
import type { Fault, FaultCode, Faults } from "./verify-fault.ts";
import type { FunctionFacts } from "./verify-functions.ts";
import type { Types } from "./verify-types.ts";
import { opsetVersion } from "./versions.ts";
import { forbiddenNames } from "./written.ts";

/** Checks each op of a function against its record, or against the decomposition that it carries. */
export class Rows {
  private readonly module: Module;
  private readonly signatures: ReadonlyMap<string, Signature>;
  private readonly types: Types;
  private readonly limits: Limits;
  private readonly faults: Faults;
  private constantBytes = 0;

  constructor(
    module: Module,
    functions: ReadonlyMap<string, FunctionFacts>,
    types: Types,
    limits: Limits,
    faults: Faults,
  ) {
    this.module = module;
    this.signatures = new Map([...functions].map(([name, { signature }]) => [name, signature]));
    this.types = types;
    this.limits = limits;
    this.faults = faults;
  }

  check({ def, types, sizes }: FunctionFacts): void {
    def.ops.forEach((row, opIndex) => {
      this.row(
        new Place(
          this.module,
          this.faults,
          def.name,
          opIndex,
          row,
          row.operands.map((v) => types[v]!),
        ),
        sizes,
      );
    });
  }

  private row(place: Place, sizes: Set<string>): void {
    const { row } = place;
    const space = namespaceOf(row.op);
    const declared = this.module.opsets.get(space);
    const standard = opsetVersion(space);
    if (declared === undefined)
      place.fault("E302", `the op set ${space} is not declared`, {
        hint: `declare ${space}@${standard ?? row.version}`,
      });
    if (!this.attrs(place, sizes)) return;
    const known = lookupOp(row.op);
    const older = `the file uses ${space}@${declared}, this program has ${space}@${standard}; upgrade @tenon/ir, or write the file for an older version`;
    if (row.decomp === undefined && (known === undefined || known === compositeOp)) {
      const hint =
        standard === undefined
          ? `import the package that defines ${row.op}, or write the file anew with its decomposition`
          : older;
      place.fault("E303", "the op is unknown, and the row carries no decomposition", { hint });
    } else if (row.decomp === undefined && known!.version !== row.version) {
      place.fault("E303", "the op is known at its version", {
        got: `@${row.version}`,
        expected: `@${known!.version}`,
        hint: older,
      });
    } else if (declared !== undefined && row.version > declared) {
      place.fault("E302", `the op is no newer than the op set ${space}`, {
        got: `@${row.version}`,
        expected: `at most @${declared}`,
      });
    } else if (row.decomp === undefined && standard === undefined) {
      place.fault("E312", "an op of a third party carries its decomposition", {
        hint: "define it with decompose, and build the module with buildModule",
      });
    } else if (row.decomp !== undefined && standard !== undefined && known !== undefined) {
      place.fault("E312", "a standard op carries no decomposition", {
        hint: "leave decomp out; every reader knows the op",
      });
    } else if (row.decomp !== undefined) this.embedded(place, row.decomp);
    else this.byRecord(place, known!);
  }

  private byRecord(place: Place, op: OpRecord): void {
    const { row, operands } = place;
    const attrs = this.normal(place, op);
    if (attrs === undefined) return;
    let inferred: readonly TensorType[];
    try {
      inferred = inferTypes(op, operands, attrs);
    } catch (error) {
      place.error(error);
      return;
    }
    sameTypes(place, "E307", "result types are those of the op's rule", row.types, inferred);
  }

  /** The attributes, once they are known to be those of the schema, with functions that know their types. */
  private normal(place: Place, op: OpRecord): Attrs | undefined {
    const { row, operands } = place;
    let normal: Attrs;
    try {
      normal = normalizeAttrs(op.name, op.attrs, row.attrs, operands);
    } catch (error) {
      place.error(error, error instanceof OptionError ? { code: "E311" } : {});
      return undefined;
    }
    for (const name of Object.keys(op.attrs)) {
      if (sameAttr(row.attrs[name], normal[name])) continue;
      place.fault("E311", `${name} is in its normal form`, {
        got: attrText(row.attrs[name]),
        expected: attrText(normal[name]),
      });
      return undefined;
    }
    return mapRegions(op, normal, (fn) => functionName((fn as FunctionName).name, this.signatures));
  }

  private embedded(place: Place, decomp: FunctionName): void {
    const { row, operands } = place;
    const body = this.signature(place, decomp);
    if (body === undefined) return;
    sameTypes(place, "E312", `operands are the inputs of @${decomp.name}`, operands, body.inputs);
    sameTypes(place, "E312", `results are those of @${decomp.name}`, row.types, body.results);
    if (row.vjp === undefined) return;
    const vjp = this.signature(place, row.vjp);
    if (vjp === undefined) return;
    sameTypes(place, "E313", `@${row.vjp.name} takes operands, results and cotangents`, vjp.inputs, [
      ...operands,
      ...row.types,
      ...row.types,
    ]);
    sameTypes(place, "E313", `@${row.vjp.name} returns cotangents of the operands`, vjp.results, operands);
  }

  /** Limits, names and functions of the attributes; whether all is well. */
  private attrs(place: Place, sizes: Set<string>): boolean {
    const before = this.faults.list.length;
    const visit = (value: AttrValue, depth: number): void => {
      if (typeof value !== "object" || value === null) {
        if (value === null) place.fault("E311", "no attribute may be null");
        else if (typeof value === "string") checkLimit(place.row.op, this.limits, "stringBytes", value.length);
        return;
      }
      checkLimit(place.row.op, this.limits, "attrDepth", depth);
      if (value instanceof DimExpr) this.sizes([value], place, sizes);
      else if (value instanceof Uint8Array)
        checkLimit(place.row.op, this.limits, "constantBytes", (this.constantBytes += value.byteLength));
      else if (isFunctionRef(value)) this.signature(place, value);
      else if (isList(value)) {
        checkLimit(place.row.op, this.limits, "listLength", value.length);
        for (const element of value) if (typeof element !== "number") visit(element, depth + 1);
      } else {
        for (const [name, field] of Object.entries(value)) {
          if (forbiddenNames.has(name)) place.fault("E311", `no attribute may be named ${name}`);
          else visit(field, depth + 1);
        }
      }
    };
    try {
      visit(place.row.attrs, 0);
    } catch (error) {
      place.error(error);
    }
    return this.faults.list.length === before;
  }

  private sizes(dims: readonly Dim[], place: Place, sizes: Set<string>): void {
    for (const name of this.types.sizes(dims, place.row.op, place.where())) sizes.add(name);
  }

  private signature(place: Place, fn: FunctionRef): Signature | undefined {
    const { name } = fn as FunctionName;
    const found = this.signatures.get(name);
    if (found === undefined) place.fault("E308", `there is no function @${name}`);
    return found;
  }
}

function attrText(value: AttrValue): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`;
  if (isList(value)) return `[${value.map(attrText).join(", ")}]`;
  return isFunctionRef(value) ? `@${(value as FunctionName).name}` : String(value);
}

function sameTypes(
  place: Place,
  code: FaultCode,
  rule: string,
  got: readonly TensorType[],
  expected: readonly TensorType[],
): void {
  if (got.length === expected.length && got.every((type, i) => sameType(type, expected[i]!))) return;
  place.fault(code, rule, { got: typesText(got), expected: typesText(expected) });
}

const typesText = (types: readonly TensorType[]): string => `(${types.map(typeText).join(", ")})`;

/** The row that is being checked. */
class Place {
  readonly row: OpRow;
  readonly operands: readonly TensorType[];
  private readonly module: Module;
  private readonly faults: Faults;
  private readonly fn: string;
  private readonly opIndex: number;

  constructor(
    module: Module,
    faults: Faults,
    fn: string,
    opIndex: number,
    row: OpRow,
    operands: readonly TensorType[],
  ) {
    this.module = module;
    this.faults = faults;
    this.fn = fn;
    this.opIndex = opIndex;
    this.row = row;
    this.operands = operands;
  }

  where(): Partial<Fault> {
    const { scopes, sources } = this.module.tables;
    const loc = [scopes, sources].flatMap((table) => table.get(this.fn)?.get(this.opIndex) ?? []).join(", ");
    return { fn: this.fn, opIndex: this.opIndex, operandTypes: this.operands, ...(loc !== "" && { loc }) };
  }

  fault(code: FaultCode, rule: string, more: Partial<Fault> = {}): void {
    this.faults.add(code, this.row.op, rule, { ...this.where(), ...more });
  }

  error(error: unknown, more: Partial<Fault> = {}): void {
    this.faults.addError(error, this.row.op, { ...this.where(), ...more });
  }
}
