import { type DType, OptionError, ShapeError, sameType, Tensor, typeText } from "@tenon/ir";
import { treeEntries } from "@tenon/tree";
import { type Creatable, tensor } from "./create.ts";
import type { Device } from "./device.ts";
import { currentFrame } from "./frame.ts";
import { copyStorage, realize } from "./realize.ts";
import { concreteType, type DataNode, dataTensor, type Storage, storageOf } from "./storage.ts";

/** What a Variable is for; a checkpoint and a device keep those of one role together. */
export type VariableRole = "parameter" | "statistic" | "slot" | "key" | "state";

export interface VariableOptions {
  readonly name?: string;
  /** Whether gradients are taken with respect to it: true, unless the role is another than parameter. */
  readonly trainable?: boolean;
  readonly role?: VariableRole;
  readonly dtype?: DType;
}

/**
 * The only thing that changes: a named tensor whose value is read and assigned. Inside a compiled function reading it
 * gives an argument and assigning it adds a result, so that the function stays pure underneath.
 */
export class Variable {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly role: VariableRole;
  name: string | undefined;
  trainable: boolean;
  /** The private storage, once the value has been computed. */
  private storage: Storage | undefined;
  /** A value assigned outside compiled functions that has not been computed yet. */
  private pending: Tensor | undefined;
  /** The tensor that was last given out and reads the private storage. */
  private given: WeakRef<Tensor> | undefined;

  constructor(
    value: Tensor,
    { name, role = "parameter", trainable = role === "parameter" }: Omit<VariableOptions, "dtype"> = {},
  ) {
    const { dtype, shape } = concreteType(value);
    this.dtype = dtype;
    this.shape = shape;
    this.name = name;
    this.role = role;
    this.trainable = trainable;
    this.pending = value;
  }

  /** The value now; inside a compiled function, the argument that stands for it, or what was assigned. */
  get value(): Tensor {
    return currentFrame()?.read(this) ?? this.current();
  }

  set value(value: Tensor) {
    this.assign(value);
  }

  /** Gives the Variable a new value of the same type. */
  assign(value: Tensor): this {
    if (!(value instanceof Tensor)) {
      throw new OptionError("E803", "assign", `the value of ${this.label()} is ${String(value)}, which is no tensor`, {
        fix: "make a tensor of it with tensor(…)",
      });
    }
    if (!sameType(value, this)) {
      throw new ShapeError(
        "E202",
        "assign",
        `${this.label()} is ${typeText(this)} but the value is ${typeText(value)}`,
        {
          operands: { variable: this, value },
          fix: "cast or reshape the value",
        },
      );
    }
    const frame = currentFrame();
    if (frame === undefined) this.replace(value);
    else frame.write(this, value);
    return this;
  }

  label(): string {
    return this.name ?? "a Variable";
  }

  /** The value outside of any trace. */
  current(): Tensor {
    if (this.pending !== undefined) return this.pending;
    const before = this.given?.deref();
    if (before !== undefined) return before;
    const value = dataTensor(this.storage!.retain());
    this.given = new WeakRef(value);
    return value;
  }

  /** Sets the value outside of any trace. */
  replace(value: Tensor): void {
    if (this.storage !== undefined) {
      this.storage.owned = false;
      this.storage.release();
    }
    this.storage = undefined;
    this.given = undefined;
    this.pending = value;
  }

  /**
   * The private storage, for a compiled function. Where the function overwrites it, a tensor that was given out and is
   * still alive keeps the old values: it moves to a copy.
   */
  settle(device: Device, overwritten: boolean): Storage {
    if (this.pending !== undefined) {
      const value = this.pending;
      realize([value], device);
      const storage = storageOf(value)!;
      if (storage.owned) {
        this.storage = copyStorage(storage, device);
        this.given = undefined;
      } else {
        this.storage = storage.retain();
        this.given = new WeakRef(value);
      }
      this.storage.owned = true;
      this.pending = undefined;
    }
    if (this.storage!.device !== undefined && this.storage!.device !== device) {
      const elsewhere = this.storage!;
      this.storage = copyStorage(elsewhere, device);
      elsewhere.owned = false;
      elsewhere.release();
      this.storage.owned = true;
      this.given = undefined;
    }
    const given = overwritten ? this.given?.deref() : undefined;
    if (given !== undefined) {
      (given.node as DataNode).moveTo(copyStorage(this.storage!, device));
      this.given = undefined;
    }
    return this.storage!;
  }
}

/** A Variable with an initial value: `variable(zeros([10]))`, `variable([[1, 2]], { name: "weight" })`. */
export function variable(value: Creatable, { dtype, ...options }: VariableOptions = {}): Variable {
  const initial =
    value instanceof Tensor
      ? dtype === undefined
        ? value
        : value.cast(dtype)
      : tensor(value, dtype === undefined ? {} : { dtype });
  return new Variable(initial, options);
}

/** Method by which layers and bound optimizers show their Variables. */
export const variables: unique symbol = Symbol.for("tenon.variables") as never;

export type VariableTree = Variable | null | readonly VariableTree[] | { readonly [key: string]: VariableTree };

/**
 * Anything that has Variables: one, a tree of them, or an object that shows them by the method `[variables]()`. The type
 * is wide, since an interface has no index signature; what holds no Variable is refused when it is used.
 */
export type HasVariables = object | null;

/** The tree of Variables of `source`. */
export function variablesOf(source: HasVariables): VariableTree {
  const shown = (
    source !== null && variables in source ? (source[variables] as () => VariableTree)() : source
  ) as VariableTree;
  for (const [path, leaf] of treeEntries<unknown>(shown)) {
    if (!(leaf instanceof Variable)) {
      throw new OptionError(
        "E803",
        "variables",
        `${path === "" ? "the value" : path} is ${leaf instanceof Tensor ? "a tensor" : String(leaf)}, which is no Variable`,
        {
          fix: "pass a Variable, a tree of Variables, or an object with the method [variables]()",
        },
      );
    }
  }
  return shown;
}

/** Names every Variable of a tree that has no name after its path, so that files and errors can speak of it. */
export function nameVariables(tree: HasVariables, prefix = ""): void {
  for (const [path, leaf] of treeEntries<unknown>(variablesOf(tree)) as [string, Variable][]) {
    leaf.name ??= prefix === "" ? path : path === "" ? prefix : `${prefix}.${path}`;
  }
}
