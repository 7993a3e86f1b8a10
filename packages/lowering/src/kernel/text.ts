import type { IndexNode } from "../index-node.ts";
import { always } from "../index-predicate.ts";
import { indexText } from "../index-text.ts";
import type {
  ClaimedKernel,
  DotKernel,
  DotOperand,
  Kernel,
  Slot,
  SortKernel,
  Statement,
  Strided,
  Value,
} from "./kernel.ts";

/** A kernel as people read it: `for i < B parallel { … }`, values numbered in the order in which they are computed. */
export const kernelText = (kernel: Kernel): string => new KernelText(kernel).text;

class KernelText {
  readonly #lines: string[] = [];
  readonly #names = new Map<object, string>();
  #depth = 0;
  #values = 0;
  #registers = 0;

  constructor(kernel: Kernel) {
    const slots = kernel.slots.map((slot) => {
      this.#names.set(slot, slot.name);
      return `${this.#name(slot)}: ${slot.dtype}${slot.access === "read" ? "" : ` ${slot.access}`}`;
    });
    const scalars = kernel.scalars.map(indexText).join(", ");
    this.#line(`${kernel.kind} ${kernel.name}(${slots.join(", ")}${scalars && `; ${scalars}`})`);
    if (kernel.kind === "loops") this.#body(kernel.body);
    else if (kernel.kind === "dot") this.#dot(kernel);
    else if (kernel.kind === "sort") this.#sort(kernel);
    else this.#claimed(kernel);
  }

  get text(): string {
    return this.#lines.join("\n");
  }

  #dot({ batch, row, column, k, sizes, type, a, b, epilogue, product, columnSums }: DotKernel): void {
    const axes = [this.#axis(batch, sizes.batch), this.#axis(row, sizes.rows), this.#axis(column, sizes.columns)];
    this.#nested(`for ${axes.join(", ")}`, () => {
      this.#nested(`product = sum over ${this.#axis(k, sizes.k)} : ${type}`, () => {
        this.#operand("a", a);
        this.#operand("b", b);
      });
      this.#names.set(product, "product");
      this.#body(epilogue);
    });
    for (const { value, slot, address } of columnSums)
      this.#line(`${this.#at(slot, address)} = sum over rows of ${this.#of(value)}`);
  }

  #operand(name: string, { block, lies }: DotOperand): void {
    this.#body(block.statements);
    this.#line(`${name} = ${this.#of(block.value)}`);
    if (lies === undefined) return;
    const { slot, start, strides } = lies;
    const [first, ...steps] = [start, strides.batch, strides.line, strides.k].map(indexText);
    this.#line(`${name} lies in ${this.#name(slot)} from ${first} by ${steps.join(", ")}`);
  }

  #sort({ line, lines, place, size, descending, columns }: SortKernel): void {
    this.#nested(
      `for ${this.#axis(line, lines)} sort ${this.#axis(place, size)}${descending ? " descending" : ""}`,
      () => {
        for (const { block, slot, address } of columns) {
          this.#body(block.statements);
          this.#line(`${this.#at(slot, address)} = sorted ${this.#of(block.value)}`);
        }
      },
    );
  }

  #claimed({ op, version, attrs, inputs, results }: ClaimedKernel): void {
    this.#line(`${op}@${version} ${JSON.stringify(attrs)}`);
    inputs.forEach((operand, i) => {
      this.#line(`operand ${i} ${this.#lies(operand)}`);
    });
    results.forEach(({ axes, given, epilogue, lies }, i) => {
      if (lies !== undefined) this.#line(`result ${i} ${this.#lies(lies)}`);
      else if (epilogue.length > 0)
        this.#nested(`for ${axes.map(({ variable, size }) => this.#axis(variable, size)).join(", ")}`, () => {
          this.#names.set(given, `result ${i}`);
          this.#body(epilogue);
        });
    });
  }

  #lies({ slot, start, sizes, strides }: Strided): string {
    const [extents, steps] = [sizes, strides].map((list) => list.map(indexText).join(", "));
    return `[${extents}] lies in ${this.#name(slot)} from ${indexText(start)} by ${steps}`;
  }

  #line(text: string): void {
    this.#lines.push(`${"  ".repeat(this.#depth)}${text}`);
  }

  #nested(title: string, body: () => void): void {
    this.#line(`${title} {`);
    this.#depth++;
    body();
    this.#depth--;
    this.#line("}");
  }

  #body(statements: readonly Statement[]): void {
    for (const s of statements) this.#statement(s);
  }

  #statement(s: Statement): void {
    switch (s.kind) {
      case "let": {
        const text = this.#computed(s.value);
        if (!this.#names.has(s.value)) this.#names.set(s.value, `v${this.#values++}`);
        this.#line(`${this.#name(s.value)} = ${text} : ${s.value.type}`);
        break;
      }
      case "bind":
        this.#line(
          `${s.variable.name} in ${indexText(s.variable.min)}..${indexText(s.variable.max)} = ${this.#of(s.value)}`,
        );
        break;
      case "declare":
        this.#names.set(s.register, `r${this.#registers++}`);
        this.#line(`${this.#name(s.register)} = nothing : ${s.register.combine} of ${s.register.type}`);
        break;
      case "update":
        this.#line(`${this.#name(s.register)} ${s.register.combine}= ${this.#of(s.value)}`);
        break;
      case "store":
        this.#line(`${this.#at(s.slot, s.address)} = ${this.#of(s.value)}${this.#where(s.mask)}`);
        break;
      case "for":
        this.#nested(`for ${this.#axis(s.variable, s.size)} ${s.role}`, () => this.#body(s.body));
        break;
      case "if":
        this.#nested(`if ${this.#of(s.condition)}`, () => this.#body(s.body));
    }
  }

  #axis(variable: IndexNode, size: IndexNode): string {
    return `${indexText(variable)} < ${indexText(size)}`;
  }

  #at(slot: Slot, address: IndexNode): string {
    return `${this.#name(slot)}[${indexText(address)}]`;
  }

  #where(mask: IndexNode): string {
    return mask === always ? "" : ` where ${indexText(mask)}`;
  }

  #name(of: object): string {
    return this.#names.get(of) ?? "?";
  }

  /** A value where it is used: constants stand there themselves. */
  #of(value: Value): string {
    if (value.kind !== "constant") return this.#name(value);
    return Object.is(value.value, -0) ? "-0" : String(value.value);
  }

  /** What a value is computed by. */
  #computed(value: Value): string {
    switch (value.kind) {
      case "constant":
        return this.#of(value);
      case "index":
        return indexText(value.index);
      case "test":
        return indexText(value.predicate);
      case "load":
        return `${this.#at(value.slot, value.address)}${this.#where(value.mask)}`;
      case "alu":
        return `${value.op} ${value.operands.map((v) => this.#of(v)).join(" ")}`;
      case "read":
        return this.#name(value.register);
      case "given":
        return "given";
    }
  }
}
