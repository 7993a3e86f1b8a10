import { foldIndex } from "../index-fold.ts";
import type { Index, IndexNode, IndexVariable, Predicate } from "../index-node.ts";
import { always } from "../index-predicate.ts";
import type { GivenValue, Kernel, LoadValue, Register, Slot, Statement, Value } from "../kernel/kernel.ts";
import type { Language } from "./language.ts";

/** Text of statements as one thread runs them, one after another. */
export class Source {
  readonly language: Language;
  readonly #slots: readonly Slot[];
  readonly #lines: string[] = [];
  readonly #names: Map<Value | Register | IndexVariable, string>;
  readonly #counts: { values: number };
  #depth = 0;

  constructor(language: Language, { slots, scalars }: Pick<Kernel, "slots" | "scalars">) {
    this.language = language;
    this.#slots = slots;
    this.#names = new Map(scalars.map((variable, i) => [variable, `n${i}`]));
    this.#counts = { values: 0 };
  }

  get text(): string {
    return this.#lines.join("\n");
  }

  line(text: string): void {
    this.#lines.push(`${"  ".repeat(this.#depth)}${text}`);
  }

  /** `head { … }` */
  nested(head: string, body: () => void): void {
    this.line(`${head} {`);
    this.#depth++;
    body();
    this.#depth--;
    this.line("}");
  }

  if(condition: string, body: () => void): void {
    this.nested(`if (${condition})`, body);
  }

  /** Runs what may be skipped where the condition holds. */
  where(condition: Predicate, body: () => void): void {
    if (condition === always) body();
    else this.if(this.index(condition), body);
  }

  /** From here on a variable, value or register goes by this name. */
  name(thing: IndexVariable | Register | GivenValue | LoadValue, text: string): void {
    this.#names.set(thing, text);
  }

  fresh(letter = "v"): string {
    return `${letter}${this.#counts.values++}`;
  }

  /** A name for an int32. */
  bind(variable: IndexVariable, value: string): void {
    const name = this.fresh("i");
    this.line(this.language.let(name, "int32", value));
    this.name(variable, name);
  }

  index(node: IndexNode): string {
    return foldIndex<string>(node, { ...this.language.index, variable: (v) => this.#named(v) });
  }

  /** The text of a value that is known here. */
  value(value: Value): string {
    return value.kind === "constant" ? this.language.constant(value.type, value.value) : this.#named(value);
  }

  register(register: Register): string {
    return this.#named(register);
  }

  statements(statements: readonly Statement[]): void {
    for (const s of statements) this.statement(s);
  }

  statement(s: Statement): void {
    const { language } = this;
    switch (s.kind) {
      case "let":
        this.#let(s.value);
        break;
      case "bind":
        this.bind(s.variable, this.value(s.value));
        break;
      case "declare":
        this.declare(s.register);
        break;
      case "update": {
        const { combine, type } = s.register;
        const name = this.register(s.register);
        this.line(`${name} = ${language.combine(combine, type, name, this.value(s.value))};`);
        break;
      }
      case "store":
        this.where(s.mask, () =>
          this.line(language.store(this.slot(s.slot), this.index(s.address), this.value(s.value))),
        );
        break;
      case "for":
        this.loop(s.variable, s.size, () => this.statements(s.body));
        break;
      case "if":
        this.if(this.value(s.condition), () => this.statements(s.body));
    }
  }

  declare(register: Register): void {
    const { language } = this;
    const name = this.fresh("r");
    this.name(register, name);
    this.line(language.variable(name, register.type, language.identity(register.combine, register.type)));
  }

  /** A loop whose iterations `from`, `from + step`, … below `size` this thread runs. */
  loop(variable: IndexVariable, size: Index, body: () => void, from = "0", step = "1"): void {
    const name = this.fresh("i");
    this.name(variable, name);
    this.nested(this.language.loop(name, from, this.index(size), step), body);
  }

  slot(slot: Slot): number {
    return this.#slots.indexOf(slot);
  }

  #let(value: Value): void {
    const { language } = this;
    const name = this.fresh();
    if (value.kind === "load" && value.mask !== always) {
      // outside of the mask nothing may be touched
      this.line(language.variable(name, value.type, language.constant(value.type, 0)));
      this.where(value.mask, () => this.line(`${name} = ${this.#load(value.slot, value.address)};`));
    } else this.line(language.let(name, value.type, this.#expression(value)));
    this.#names.set(value, name);
  }

  #load(slot: Slot, address: Index): string {
    return this.language.load(this.slot(slot), this.index(address));
  }

  #expression(value: Value): string {
    switch (value.kind) {
      case "index":
        return this.index(value.index);
      case "test":
        return this.index(value.predicate);
      case "load":
        return this.#load(value.slot, value.address);
      case "alu": {
        const operands = value.operands.map((x) => this.value(x));
        return this.language.alu(value.op, operands, value.operands[0]!.type, value.type);
      }
      case "read":
        return this.register(value.register);
      default:
        return this.value(value);
    }
  }

  #named(thing: Value | Register | IndexVariable): string {
    return this.#names.get(thing)!;
  }
}
