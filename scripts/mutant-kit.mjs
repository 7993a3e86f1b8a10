/**
 * Judges the cpu-js backend that lies beside this file, in a copy of the packages: exits with 1 at the first check that
 * fails, and with 0 where none does. With `--deep` by the full profile, from another seed. Started by `mutate.mjs`, which also wants to know what code was generated.
 */
import { createHash } from "node:crypto";
import { cpuJs } from "@tenon/backend-cpu-js";
import { conformance } from "@tenon/conformance";

/** What cpu-js may refuse: it does not compute in 64-bit integers. */
const missing = /E511.*u?int64/;

/** @type {string[]} */
const modules = [];
const { WebAssembly: engine } = /** @type {{ WebAssembly: { Module: new (bytes: Uint8Array) => object } }} */ (
  /** @type {unknown} */ (globalThis)
);
engine.Module = new Proxy(engine.Module, {
  construct(target, [bytes]) {
    modules.push(createHash("sha256").update(bytes).digest("hex"));
    return new target(bytes);
  },
});

const deep = process.argv.includes("--deep");
const { counts } = await conformance(cpuJs(), {
  profile: deep ? "full" : "quick",
  seed: deep ? 2 : 1,
  onCell(cell) {
    if (cell.status === "pass" || (cell.status === "unsupported" && missing.test(cell.detail ?? ""))) return;
    console.log(`${cell.item} · ${cell.op} · ${cell.dtype} · ${cell.case}: ${cell.detail?.split("\n")[0]}`);
    process.exit(1);
  },
});
console.log(`${counts.pass} passed`);
console.log(`code ${createHash("sha256").update(modules.join()).digest("hex")}`);
