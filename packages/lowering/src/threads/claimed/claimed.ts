import type { Claims } from "../../expand.ts";
import type { ClaimedKernel } from "../../kernel/kernel.ts";
import { type Late, late } from "../../late.ts";
import type { Language } from "../language.ts";
import type { ThreadCode } from "../render.ts";

type Site = Parameters<Claims>[0];

/** A composite that has a kernel of its own on whatever runs a grid of threads. */
export interface ClaimedThreads {
  /** Whether a use of the composite is computed by it; the others are decomposed. */
  accepts(site: Site): boolean;
  render(kernel: ClaimedKernel, language: Language): ThreadCode;
}

/** By name and version, each in a file of its own, which is loaded when a program has such an op. */
const ops: Readonly<Record<string, Late<ClaimedThreads>>> = {
  "nn.attention@1": late(async () => (await import("./attention.ts")).attention),
  "nn.attention_bwd@1": late(async () => (await import("./attention-backward.ts")).attentionBackward),
  "nn.conv@1": late(async () => (await import("./conv.ts")).conv),
};

const nameOf = ({ op, version }: Pick<ClaimedKernel, "op" | "version">): string => `${op}@${version}`;

/** Which composites are kept whole. */
export const threadClaims: Claims = (site) => {
  const name = nameOf(site);
  return ops[name]?.now.accepts(site) === true ? { kernel: name } : null;
};

/** The kernel of a composite that was kept whole, in a target's language. */
export const renderClaimed = (kernel: ClaimedKernel, language: Language): ThreadCode =>
  ops[nameOf(kernel)]!.now.render(kernel, language);
