import type { AttrValue } from "./attrs.ts";
import { isShortInteger, tags } from "./binary-layout.ts";
import type { Table } from "./binary-table.ts";
import type { ByteReader } from "./bytes.ts";
import type { DimExpr } from "./dim.ts";
import { checkLimit, type Limits } from "./limits.ts";
import type { FunctionName } from "./module.ts";
import { forbiddenNames } from "./written.ts";

/** What a value may mention. */
export interface Mentioned {
  readonly strings: Table<string>;
  readonly sizes: Table<DimExpr>;
  fn(): FunctionName;
}

/** Reads sets of attributes. */
export class AttrReader {
  private readonly from: ByteReader;
  private readonly limits: Limits;
  private readonly mentioned: Mentioned;
  private constantBytes = 0;

  constructor(from: ByteReader, limits: Limits, mentioned: Mentioned) {
    this.from = from;
    this.limits = limits;
    this.mentioned = mentioned;
  }

  /** Names and values, sorted by name. */
  fields(depth = 0): ReadonlyMap<string, AttrValue> {
    const { from } = this;
    const fields = new Map<string, AttrValue>();
    let last: string | undefined;
    for (let n = from.count(2); n > 0; n--) {
      const start = from.at;
      const name = this.mentioned.strings.get(from);
      if (forbiddenNames.has(name)) throw from.problem("E116", `no attribute may be named ${name}`, start);
      if (last !== undefined && name <= last)
        throw from.problem("E136", `the attribute ${name} follows ${last}`, start);
      last = name;
      fields.set(name, this.value(depth));
    }
    return fields;
  }

  private value(depth: number): AttrValue {
    const { from } = this;
    const start = from.at;
    checkLimit("binary", this.limits, "attrDepth", depth, () => `byte ${start}`);
    const tag = from.byte();
    switch (tag) {
      case tags.false:
      case tags.true:
        return tag === tags.true;
      case tags.integer:
        return this.integer();
      case tags.float:
        return this.float();
      case tags.string:
        return this.mentioned.strings.get(from);
      case tags.bytes: {
        const bytes = from.raw(from.varint());
        this.constantBytes += bytes.length;
        checkLimit("binary", this.limits, "constantBytes", this.constantBytes, () => `byte ${start}`);
        return bytes.slice();
      }
      case tags.size:
        return this.mentioned.sizes.get(from);
      case tags.list: {
        const count = from.count();
        checkLimit("binary", this.limits, "listLength", count, () => `byte ${start}`);
        const list: AttrValue[] = [];
        while (list.length < count) list.push(this.value(depth + 1));
        return list;
      }
      case tags.record: {
        const record: Record<string, AttrValue> = Object.create(null);
        for (const [name, value] of this.fields(depth + 1)) record[name] = value;
        return record;
      }
      case tags.function:
        return this.mentioned.fn();
      default:
        throw from.problem("E135", `there is no value of tag ${tag}`, start);
    }
  }

  private integer(): number {
    const start = this.from.at;
    const zigzag = this.from.varint();
    const value = zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    if (!isShortInteger(value)) throw this.from.problem("E136", `${value} is too large for an integer`, start);
    return value;
  }

  private float(): number {
    const { from } = this;
    const start = from.at;
    const value = from.float64();
    const canonicalNaN =
      from.bytes[start + 7] === 0x7f &&
      from.bytes[start + 6] === 0xf8 &&
      from.bytes.subarray(start, start + 6).every((b) => b === 0);
    if (Number.isNaN(value) ? canonicalNaN : !isShortInteger(value)) return value;
    throw from.problem(
      "E136",
      Number.isNaN(value) ? "the NaN is not the canonical one" : `${value} is written as an integer`,
      start,
    );
  }
}
