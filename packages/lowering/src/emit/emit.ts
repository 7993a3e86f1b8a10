import type { Tensor } from "@tenon/ir";
import type { Group } from "../fuse/group.ts";
import { isImplied } from "../fuse/spaces.ts";
import type { Index } from "../index-node.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { freeVariables } from "../kernel/walk.ts";
import { KernelWriter } from "../kernel/writer.ts";
import { rare } from "../parts.ts";
import { collapse } from "./collapse.ts";
import { emitDot } from "./dot.ts";
import { Emitter, type Memory } from "./emitter.ts";
import { emitLoops } from "./loops.ts";

export interface EmitOptions {
  /** Anchors for which the target has an inner loop of its own; what is not among them is written as loops. */
  readonly templates: ReadonlySet<string>;
  /** Where a stored tensor begins in its buffer, in elements; 0 by default. It may depend on variables of loops around the launch. */
  readonly offsetOf?: (tensor: Tensor) => Index;
}

/** A kernel, and the tensor behind each of its slots. */
export interface Emitted {
  readonly kernel: Kernel;
  readonly tensors: readonly Tensor[];
}

/** The kernel of a group. `stored` has what lies in memory, the group's own outputs among it. */
export function emitGroup(group: Group, stored: ReadonlySet<Tensor>, options: EmitOptions): Emitted {
  const writer = new KernelWriter();
  const own = new Set(group.outputs);
  const memory: Memory = {
    slots: new Map(),
    newSlot: (dtype, access) => writer.slot(dtype, access),
    holds: (tensor) => stored.has(tensor) && !own.has(tensor) && !isImplied(tensor),
    offsetOf: options.offsetOf ?? (() => 0),
  };
  const body = emitBody(group, writer, memory, options);
  const parts = { name: nameOf(group), slots: writer.slots, scalars: freeVariables(body as Kernel) };
  return { kernel: { ...parts, ...body } as Kernel, tensors: [...memory.slots.keys()] };
}

type Body = { [K in Kernel["kind"]]: Omit<Extract<Kernel, { kind: K }>, "name" | "slots" | "scalars"> }[Kernel["kind"]];

function emitBody(group: Group, writer: KernelWriter, memory: Memory, { templates }: EmitOptions): Body {
  if (group.kind === "control") throw rare.now.failures.control(group.nodes[0]!);
  if (group.kind === "claimed") return rare.now.emitClaimed(group, memory);
  if (group.kind === "dot" && templates.has("dot")) return emitDot(group, writer, memory);
  if (group.kind === "sort" && templates.has("sort")) return rare.now.emitSort(group, memory);
  const emitter = new Emitter(writer, memory);
  if (group.kind === "sort") rare.now.emitRanking(group, emitter);
  else if (group.kind === "scatter") rare.now.emitScatter(group, emitter);
  else emitLoops(group, emitter);
  return { kind: "loops", body: collapse(writer.statements) };
}

/** Most letters of a name. */
const MAX_NAME = 40;

/** The ops one after another, `dot+add+maximum`, as many as fit. */
function nameOf({ nodes }: Group): string {
  let name = "";
  for (const { op, attrs } of nodes) {
    const word = typeof attrs.op === "string" ? attrs.op : op.name;
    if (name.length + word.length >= MAX_NAME) break;
    name += `${name && "+"}${word}`;
  }
  return name;
}
