import type { FunctionRef } from "./attrs.ts";
import { detached } from "./detached.ts";
import { DimExpr } from "./dim.ts";
import { ShapeError } from "./errors.ts";
import type { Fn } from "./function.ts";
import { buildModule, type ModuleParts } from "./graph.ts";
import type { Module } from "./module.ts";

declare const brand: unique symbol;

/** A module that is well-formed: `verify` accepted it, or this program recorded it. Backends take no other. */
export type VerifiedModule = Module & { readonly [brand]: true };

/** What gives the entries of well-formed modules as graphs. */
const accepted = new WeakMap<Module, (entry: string) => Fn>();

/** Whether this very module is known to be well-formed. */
export const isVerified = (module: Module): module is VerifiedModule => accepted.has(module);

/** The module, from now on known to be well-formed. */
export function accept(module: Module, graph: (entry: string) => Fn): VerifiedModule {
  if (!accepted.has(module)) accepted.set(module, graph);
  return module as VerifiedModule;
}

/** An entry of a well-formed module as a graph: that which was recorded, or one made of the rows. */
export const entryGraph = (module: VerifiedModule, entry: string): Fn => accepted.get(module)!(entry);

/**
 * The module of functions that this program recorded. It needs no `verify`: each op was applied through its record, which
 * checked attributes and types. What no single op can see is checked here: that the inputs of an entry tell every size.
 */
export function recorded(parts: ModuleParts): VerifiedModule {
  const module = buildModule(parts);
  const graphs = copies(parts.entries);
  for (const [entry, { inputs }] of Object.entries(parts.entries)) {
    const told = new Set(
      inputs.flatMap(({ shape }) => shape.flatMap((d) => (d instanceof DimExpr ? solvable(d) : []))),
    );
    const open = module.symbols.find(({ name }) => !told.has(name));
    if (open === undefined) continue;
    throw new ShapeError("E317", entry, `no input tells the size ${open.name}`, {
      fix: `give it an input with an axis of size ${open.name}`,
    });
  }
  return accept(module, (entry) => graphs.get(entry)!);
}

/** The graphs as they are now; what is remembered holds on to nothing else. */
function copies(entries: ModuleParts["entries"]): ReadonlyMap<string, Fn> {
  const done = new Map<FunctionRef, Fn>();
  return new Map(Object.entries(entries).map(([entry, fn]) => [entry, detached(fn, done)]));
}

/** The sizes that stand in an expression by themselves, up to a factor. */
export const solvable = (d: DimExpr): string[] =>
  d.terms.flatMap(({ factors: [factor, ...more] }) =>
    factor?.kind === "symbol" && more.length === 0 ? [factor.name] : [],
  );
