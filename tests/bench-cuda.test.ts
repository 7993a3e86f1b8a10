import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BackendFactory } from "@tenon/backend";
import { cpuJs } from "@tenon/backend-cpu-js";
import { expect, test } from "vitest";
import { bench, write, written } from "../benchmarks/cuda/bench.ts";
import { jobsOf, tinySizes } from "../benchmarks/cuda/jobs.ts";
import { Peer } from "../benchmarks/cuda/peer.ts";
import { type Findings, pageOf } from "../benchmarks/cuda/report.ts";
import { datasheetOf } from "../benchmarks/cuda/roofline.ts";
import { cudaNative } from "../packages/backend-cuda-native/src/backend.ts";
import { testEmulatedDevice } from "../packages/backend-cuda-native/src/emulated-device.test-kit.ts";

const hasPython = spawnSync("python3", ["--version"]).status === 0;

const wanted = { tiny: true, rounds: 1, roundMs: 0 };

// Times mean nothing here; that every job runs does, and that a page comes of it.
test("every job of npm run bench:cuda runs, without PyTorch too, and a page is written", {
  timeout: 60_000,
}, async () => {
  const lines: string[] = [];
  const peer = { python: "no-such-python", device: "cuda" };
  const findings = await bench({ ...wanted, open: () => cpuJs(), peer, log: (line) => void lines.push(line) });
  expect(lines[0]).toMatch(/\*\*\* no-such-python cannot be started: .*: ours is measured ALONE \*\*\*$/);
  expect(findings.results.map(({ name }) => name)).toEqual(jobsOf(tinySizes, "").map(({ name }) => name));
  for (const { sides } of findings.results) expect(sides.ours!.milliseconds).toBeGreaterThan(0);
  expect(findings.mnist).toMatchObject({ ours: { epochs: 1 } });

  const folder = mkdtempSync(join(tmpdir(), "tenon-results-"));
  try {
    write(findings, folder);
    const page = readFileSync(join(folder, "RESULTS-CUDA.md"), "utf8");
    expect(page).toMatch(
      /^\| matmul 8³ \| tf32 \| [\d.e-]+ \| [\d.e-]+ \| [\d.e-]+ TFLOP\/s \| \d+\.\d\d \(.*\)( †)? \|$/m,
    );
    const cells = page
      .split("\n")
      .flatMap((line) => (/^\| (job|---|copy|matmul)/.test(line) ? [line.split(" | ").length] : []));
    expect(new Set(cells.slice(0, 4)).size, page).toBe(1);
    expect(page).toMatch(/^\| softmax 3 × 8 \| float32 \| .* GB\/s, \d+ % of copying \|/m);
    expect(page).toContain("The device is not in the table of data sheets.");
    expect(JSON.parse(readFileSync(join(folder, "RESULTS-CUDA.json"), "utf8"))).toEqual(findings);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a job that fails is told of, the next one has a device of its own, and what was found before stays", async () => {
  const good = cpuJs();
  const bad: BackendFactory = {
    ...good,
    create: async (options) =>
      Object.assign(await good.create(options), { compile: () => Promise.reject(new Error("no kernels today")) }),
  };
  const factories = [bad, good, good];
  const saved: Findings[] = [];
  const common = {
    ...wanted,
    open: () => factories.shift()!,
    log: () => {},
    save: (f: Findings) => void saved.push(f),
  };
  const only = ["matmul 8³, tf32", "matmul 8³, bfloat16"];
  const before = await bench({ ...common, only });
  expect(saved.map(({ results }) => results.length)).toEqual([0, 1]);
  expect(before.failed).toEqual({ "matmul 8³, tf32": "no kernels today" });
  expect(pageOf(before)).toContain("\n**matmul 8³, tf32** failed: no kernels today\n");

  const { results, failed } = await bench({ ...common, only: only.slice(0, 1), before });
  expect(results.map(({ precision }) => precision)).toEqual(["tf32", "bfloat16"]);
  expect(results[1]).toEqual(before.results[0]);
  expect(failed).toEqual({});
});

test("what cannot be measured is told before anything is, and a folder for the results is made", async () => {
  const options = { ...wanted, open: () => cpuJs(), log: () => {} };
  await expect(bench({ ...options, only: ["copy", "matmull"] })).rejects.toThrow(
    /^no job begins with "matmull"; there are: copy, float32; .*; MNIST$/,
  );
  for (const rounds of [Number("many"), 0])
    await expect(bench({ ...options, rounds })).rejects.toThrow(`${rounds} rounds: give a whole number from 1`);

  const folder = join(mkdtempSync(join(tmpdir(), "tenon-results-")), "not", "there");
  try {
    const findings = await bench({ ...options, only: ["copy"], save: (found) => write(found, folder) });
    expect(written(folder)).toEqual(findings);
    expect(readdirSync(folder).toSorted()).toEqual(["RESULTS-CUDA.json", "RESULTS-CUDA.md"]);
  } finally {
    rmSync(join(folder, "../.."), { recursive: true });
  }
});

testEmulatedDevice("some of them run on the emulated device", { timeout: 60_000 }, async () => {
  const only = [
    "copy",
    "matmul 8³, tf32",
    "gradients of causal attention 1 × 16 × 1 × 8, tf32",
    "AdamW",
    "step of mlp, float32",
  ];
  const { results, device } = await bench({ ...wanted, open: () => cudaNative({ cache: false }), only, log: () => {} });
  expect(device).toBe("emulated");
  expect(results).toHaveLength(only.length);
  expect(datasheetOf(device)).toBe(undefined);
});

test.skipIf(!hasPython)("without PyTorch, or without a GPU for it, the peer says so", async () => {
  const peer = await Peer.start("python3", "cuda");
  if (peer instanceof Peer) return peer.stop(); // there is one
  expect(peer).toMatch(/has no PyTorch$|finds no GPU$/);
});

test.skipIf(process.platform === "win32")("what libraries of the peer print is no answer of it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tenon-peer-"));
  const python = join(folder, "python");
  const talking = `#!/bin/sh
echo "a word from a library"
echo '{ "torch": "9", "device": "none", "modes": ["eager"] }'
read -r request
echo '{ "sample": [NaN] }'
while read -r request; do
  echo "another word"
  echo '{ "ms": 3 }'
done
`;
  try {
    writeFileSync(python, talking, { mode: 0o755 });
    const peer = (await Peer.start(python, "cuda")) as Peer;
    expect(peer.version).toBe("9");
    await expect(peer.ask({ prepare: "job" })).rejects.toThrow("NaN");
    for (let i = 0; i < 3; i++) expect(await peer.ask({ run: "job", count: 1 })).toEqual({ ms: 3 });
    peer.stop();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the peaks are those of the device", () => {
  expect(datasheetOf("NVIDIA H200")!.peaks.bfloat16).toBe(989.4);
});
