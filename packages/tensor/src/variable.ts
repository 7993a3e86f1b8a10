import {
  checkOptions,
  type DType,
  OptionError,
  ShapeError,
  sameType,
  Tensor,
  tensorFix,
  typeText,
  valueText,
} from "@tenon/ir";
import { treeEntries } from "@tenon/tree";
import { type Creatable, tensor } from "./create.ts";
import type { Device } from "./device.ts";
import { currentFrame } from "./frame.ts";
import { copyStorage, realize } from "./realize.ts";
import {
  concreteType,
  DataNode,
  dataTensor,
  type Holder,
  holdWhenRealized,
  type Storage,
  storageOf,
} from "./storage.ts";

/** What a Variable is for; a checkpoint and a device keep those of one role together. */
export type VariableRole = "parameter" | "statistic" | "slot" | "key" | "state";

export interface VariableOptions {
  readonly name?: string;
  /** Whether gradients are taken with respect to it: true, unless the role is another than parameter. */
  readonly trainable?: boolean;
  readonly role?: VariableRole;
  readonly dtype?: DType;
}

/** The private storage of a Variable, apart from it, so that it can be released when the Variable is collected. */
interface Held {
  storage: Storage | undefined;
}

const forgotten = new FinalizationRegistry<Held>(({ storage }) => storage?.release());

/**
 * The only thing that changes: a named tensor whose value is read and assigned. Inside a compiled function reading it
 * gives an argument and assigning it adds a result, so that the function stays pure underneath.
 */
export class Variable implements Holder {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly role: VariableRole;
  name: string | undefined;
  trainable: boolean;
  /** Goes up with every new value: with assignments, and with calls of compiled functions that assign it. */
  version = 0;
  /** The private storage, once the value has one. */
  readonly #held: Held = { storage: undefined };
  /** A value assigned outside compiled functions that has not been computed yet. */
  #pending: Tensor | undefined;
  /** The tensor that was last given out and reads the private storage. */
  #given: WeakRef<Tensor> | undefined;
  /** The storage that the private one was copied from, as long as it may turn out never to have been filled. */
  #copiedFrom: Storage | undefined;

  constructor(value: Tensor, options: Omit<VariableOptions, "dtype"> = {}) {
    checkOptions("variable", options, ["name", "trainable", "role"]);
    checkTensor("variable", value);
    const { name, role = "parameter", trainable = role === "parameter" } = options;
    const { dtype, shape } = concreteType(value);
    this.dtype = dtype;
    this.shape = shape;
    this.name = name;
    this.role = role;
    this.trainable = trainable;
    forgotten.register(this, this.#held);
    this.replace(value);
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
    checkTensor(this.label(), value);
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
    if (this.#pending !== undefined) return this.#pending;
    const before = this.#given?.deref();
    if (
      before !== undefined &&
      (before.node as DataNode).storage === this.#held.storage &&
      !(before.node as DataNode).disposed
    ) {
      return before;
    }
    const value = dataTensor(this.#held.storage!.retain());
    this.#given = new WeakRef(value);
    return value;
  }

  /** Sets the value outside of any trace. */
  replace(value: Tensor): void {
    this.version++;
    if (value.node instanceof DataNode) {
      this.#take(value);
      return;
    }
    this.#letGo();
    this.#pending = value;
    holdWhenRealized(value, this);
  }

  adopt(value: Tensor): void {
    if (this.#pending === value) this.#take(value);
  }

  abandon(value: Tensor, storage: Storage): void {
    if (this.#held.storage !== storage && this.#copiedFrom !== storage) return;
    this.#letGo();
    this.#pending = value;
  }

  /** Makes the storage of a computed value the private one, or a copy where another Variable has it. */
  #take(value: Tensor): void {
    const storage = storageOf(value)!;
    if (storage === this.#held.storage) return;
    const mine = storage.owned ? separate(storage) : storage.retain();
    this.#letGo();
    mine.owned = true;
    this.#held.storage = mine;
    this.#given = mine === storage ? new WeakRef(value) : undefined;
    this.#copiedFrom = mine === storage ? undefined : storage;
  }

  #letGo(): void {
    const { storage } = this.#held;
    this.#held.storage = undefined;
    this.#given = undefined;
    this.#pending = undefined;
    this.#copiedFrom = undefined;
    if (storage === undefined) return;
    storage.owned = false;
    storage.release();
  }

  /**
   * The private storage, for a compiled function. Where the function overwrites it, a tensor that was given out and is
   * still alive keeps the old values: it moves to a copy.
   */
  settle(device: Device, overwritten: boolean): Storage {
    if (overwritten) this.version++;
    if (this.#pending !== undefined) realize([this.#pending], device); // which makes this Variable adopt it
    const held = this.#held;
    if (held.storage!.device !== undefined && held.storage!.device !== device) {
      const here = copyStorage(held.storage!, device);
      this.#letGo();
      here.owned = true;
      held.storage = here;
    }
    const given = overwritten ? (this.#given?.deref()?.node as DataNode | undefined) : undefined;
    if (given !== undefined && !given.disposed && given.storage === held.storage) {
      given.moveTo(copyStorage(held.storage!, device));
      this.#given = undefined;
    }
    return held.storage!;
  }
}

/** The same values in a storage of their own. */
function separate(storage: Storage): Storage {
  return copyStorage(storage, storage.device!);
}

function checkTensor(what: string, value: unknown): void {
  if (value instanceof Tensor) return;
  throw new OptionError("E803", "assign", `the value of ${what} is ${valueText(value)}, which is no tensor`, {
    fix: tensorFix(value),
  });
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
