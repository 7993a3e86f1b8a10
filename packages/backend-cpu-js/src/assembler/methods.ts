import type { Code, Instruction } from "./code.ts";
import { immediates } from "./immediates.ts";
import { type Immediate, type InstructionRow, instructions } from "./instructions.ts";
import type { ValueType } from "./types.ts";
import type { DataSegment, ElementSegment, Operand, Value } from "./values.ts";

type Table = typeof instructions;

/** `"v128 i32"` as `["v128", "i32"]`. */
type Words<S extends string> = S extends ""
  ? []
  : S extends `${infer First} ${infer Rest}`
    ? [First, ...Words<Rest>]
    : [S];

/** The first dot of a name parts namespace and method, the others become underscores. */
type Underscored<S extends string> = S extends `${infer A}.${infer B}` ? `${A}_${Underscored<B>}` : S;

type Operands<W extends readonly string[]> = { [K in keyof W]: W[K] extends ValueType ? Operand<W[K]> : never };

interface ImmediateArguments {
  memory: [offset?: number];
  lane: [lane: number];
  "memory lane": [lane: number, offset?: number];
  shuffle: [lanes: readonly number[]];
  data: [segment: DataSegment];
  elements: [segment: ElementSegment];
  zeros: [];
  i32: [value: number];
  i64: [value: number | bigint];
  f32: [value: number];
  f64: [value: number];
  v128: [value: ArrayBufferView];
}

type Immediates<Row extends InstructionRow> = Row extends readonly [
  string,
  string,
  number,
  infer I extends Immediate,
  ...unknown[],
]
  ? ImmediateArguments[I]
  : [];

type Method<Row extends InstructionRow> = (
  ...args: [...Operands<Words<Row[0]>>, ...Immediates<Row>]
) => Row[1] extends ValueType ? Value<Row[1]> : void;

type NamespaceName = keyof Table extends infer Name ? (Name extends `${infer N}.${string}` ? N : never) : never;

/**
 * A method for every instruction of the table, in the namespace that its name begins with: `f32x4.add(x, y)`,
 * `v128.load(p, 16)`, `memory.atomic_wait32(p, 0, -1n)`. Operands come first and immediates last; offsets are 0 if left out.
 */
export type Namespaces = {
  readonly [N in NamespaceName]: {
    readonly [K in keyof Table as K extends `${N}.${infer Rest}` ? Underscored<Rest> : never]: Method<Table[K]>;
  };
};

/** Every instruction of the table, as it is written. */
export function instructionList(): readonly Instruction[] {
  const words = (text: string) => (text === "" ? [] : text.split(" ")) as ValueType[];
  return Object.entries<InstructionRow>(instructions).map(([name, [params, result, opcode, immediate, size = 0]]) => {
    const [fewest, most] = immediate === undefined ? [0, 0] : immediates[immediate].count;
    return { name, params: words(params), results: words(result), opcode, immediate, size, fewest, most };
  });
}

type Namespace = new (code: Code) => object;

/** One class to a namespace, made when the first function is written. */
let classes: ReadonlyMap<string, Namespace> | undefined;

function namespaceClasses(): ReadonlyMap<string, Namespace> {
  const made = new Map<string, Namespace>();
  for (const instruction of instructionList()) {
    const [namespace = "", ...rest] = instruction.name.split(".");
    let type = made.get(namespace);
    if (type === undefined) {
      type = class {
        readonly code: Code;
        constructor(code: Code) {
          this.code = code;
        }
      };
      made.set(namespace, type);
    }
    const method = function (this: { readonly code: Code }, ...args: readonly unknown[]) {
      return this.code.apply(instruction, args);
    };
    Object.defineProperty(type.prototype, rest.join("_"), { value: method });
  }
  return made;
}

/** The namespaces of instructions that write into `code`. */
export function namespacesFor(code: Code): Namespaces {
  classes ??= namespaceClasses();
  const namespaces: Record<string, object> = {};
  for (const [name, Class] of classes) namespaces[name] = new Class(code);
  return namespaces as unknown as Namespaces;
}
