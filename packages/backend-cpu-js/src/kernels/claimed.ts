import { type ClaimedKernel, type Claims, type Index, type Late, late } from "@tenon/lowering";
import type { ModuleBuilder } from "../assembler/module.ts";
import type { Target } from "../render/body.ts";
import type { KernelFunction } from "../step.ts";
import type { Level } from "./dot-tile.ts";

type Site = Parameters<Claims>[0];

/** A composite that has a kernel of its own here. */
export interface ClaimedOp {
  /** Whether a use of the composite is computed by it; the others are decomposed. */
  accepts(site: Site): boolean;
  /** Bytes of scratch memory that the kernel needs, if it wants any. */
  scratchBytes?(kernel: ClaimedKernel, level: Level): Index;
  write(m: ModuleBuilder, kernel: ClaimedKernel, target: Target): KernelFunction;
}

/** By name and version, each the `claimed` of a file of its own, which is loaded when a program has such an op. */
const ops: Readonly<Record<string, Late<{ readonly claimed: ClaimedOp }>>> = {
  "nn.attention@1": late(() => import("./attention.ts")),
  "nn.attention_bwd@1": late(() => import("./attention-backward.ts")),
  "nn.conv@1": late(() => import("./conv.ts")),
  "nn.max_pool@1": late(() => import("./max-pool.ts")),
};

const find = ({ op, version }: Pick<ClaimedKernel, "op" | "version">) => ops[`${op}@${version}`]?.now.claimed;

/** Which composites are kept whole. */
export const claims: Claims = (site) => (find(site)?.accepts(site) ? { kernel: site.op } : null);

/** Loads what is loaded when a program wants it. */
export const loadClaimed = (): Promise<unknown> => Promise.all(Object.values(ops).map((op) => op.load()));

export const claimedOp = (kernel: ClaimedKernel): ClaimedOp => find(kernel)!;
