import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Draw } from "@tenon/conformance";
import { constantIndex } from "@tenon/lowering";
import { expect, test } from "vitest";
import { drawer, layouts, productOf } from "../../backend-cpu-js/src/kernels/dot-products.test-kit.ts";
import { Draw as KernelDraw, kernelOf, randomKernel } from "../../lowering/src/kernel/random-kernel.test-kit.ts";
import { renderLoops } from "./cuda/loops.ts";
import { type KernelSource, programText } from "./cuda/source.ts";
import { attentionCases, kernelOfCase } from "./kernels/attention.test-kit.ts";
import { renderDot } from "./kernels/dot.ts";
import { formatOf, renderMatrix } from "./kernels/matrix.ts";
import { groupTile, matrixTile } from "./kernels/matrix-tile.ts";
import { candidatesOf } from "./libraries.ts";

const hasNvcc = spawnSync("nvcc", ["--version"]).status === 0;
if (!hasNvcc) console.warn("cuda-native: nvcc is not installed, so that kernels are not compiled for devices here");

test.skipIf(!hasNvcc).each(["sm_80", "sm_90a"])(
  "kernels compile for %s",
  { timeout: 120_000 },
  async (architecture) => {
    const draw = drawer(3);
    const products = Array.from({ length: 8 }, () => {
      const [a, b] = [layouts[draw(6)]!, layouts[draw(6)]!];
      const sizes = { batch: 2, rows: 4 * (1 + draw(50)), columns: 1 + draw(200), k: 20 };
      const options = { type: "float32", epilogue: "bias, relu and residual", symbolic: false } as const;
      return renderDot(productOf({ ...sizes, a, b, ...options }).kernel);
    });
    const groups = architecture === "sm_90a" ? [groupTile(128), groupTile(256)] : [];
    const tiles = [{ ...matrixTile(32, 32), teams: 4 }, matrixTile(64, 64), matrixTile(128, 128), ...groups];
    const matrices = ([{ mul: "bf16" }, { mul: "tf32" }, { dtype: "float16" }] as const).flatMap((factors) =>
      tiles.map((tile) => {
        const sizes = { batch: 2, rows: 300, columns: 1 + draw(200), k: 72 } as const;
        const options = { type: "float32", epilogue: "bias, relu and residual", symbolic: draw(2) === 0 } as const;
        const [a, b] = [layouts[draw(6)]!, layouts[draw(6)]!];
        const { kernel } = productOf({ ...sizes, ...options, ...factors, a, b });
        return renderMatrix(kernel, formatOf(kernel)!, tile);
      }),
    );
    const attention: KernelSource[] = [];
    for (const c of attentionCases) attention.push((await kernelOfCase(c, new Draw(1))).source);
    const limits = { maxThreads: 256, sharedBytes: 49_152 };
    const loops = Array.from({ length: 30 }, (_, i) => renderLoops(randomKernel(new KernelDraw(i + 1)), limits));
    const folder = mkdtempSync(join(tmpdir(), "tenon-nvcc-"));
    try {
      const [source, cubin] = [join(folder, "program.cu"), join(folder, "program.cubin")];
      writeFileSync(source, programText([...products, ...matrices, ...attention, ...loops]));
      const flags = [
        "-cubin",
        `-arch=${architecture}`,
        "-fmad=false",
        "-diag-suppress",
        "177,550",
        "--Werror",
        "all-warnings",
        "-o",
        cubin,
      ];
      expect(() => execFileSync("nvcc", [...flags, source], { stdio: "pipe" })).not.toThrow();
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test.skipIf(!hasNvcc)("four elements side by side are one access of 16 bytes", { timeout: 60_000 }, () => {
  const kernel = kernelOf((w) => {
    const size = constantIndex(2 ** 20);
    const i = w.axis("i", size);
    const [x, y] = [w.slot("float32", "read"), w.slot("float32", "write")];
    w.loop(i, size, "parallel", () => w.store(y, i, w.alu("neg", [w.load(x, i)])));
  });
  const folder = mkdtempSync(join(tmpdir(), "tenon-nvcc-"));
  try {
    const [source, ptx] = [join(folder, "program.cu"), join(folder, "program.ptx")];
    writeFileSync(source, programText([renderLoops(kernel, { maxThreads: 256, sharedBytes: 49_152 })]));
    execFileSync("nvcc", ["-ptx", "-arch=sm_80", "-o", ptx, source], { stdio: "pipe" });
    const text = readFileSync(ptx, "utf8");
    expect(text.match(/\b(ld|st)(\.global)?\.v4\.\w+/g)).toHaveLength(2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.skipIf(!hasNvcc)("the addon declares the driver as NVIDIA's header does", { timeout: 60_000 }, () => {
  const source = fileURLToPath(new URL("../emulation/declared.cpp", import.meta.url));
  const compile = () => execFileSync("nvcc", ["-std=c++20", "-c", "-o", "/dev/null", source], { stdio: "pipe" });
  expect(compile).not.toThrow();
});

/** Where headers lie beside the libraries that are installed. */
const headers = (["products", "attention"] as const).flatMap((kind) =>
  candidatesOf(kind, { ...process.env, TENON_CUDA_LIBS: "" })
    .filter((path) => path.includes("/"))
    .map((path) => join(path, "../../include")),
);
const hasHeaders = ["cublasLt.h", "cudnn.h"].every((name) => headers.some((folder) => existsSync(join(folder, name))));

test.skipIf(!hasNvcc || !hasHeaders)(
  "it declares cuBLASLt and cuDNN as NVIDIA's headers do",
  { timeout: 60_000 },
  () => {
    const source = fileURLToPath(new URL("../emulation/declared-libraries.cpp", import.meta.url));
    const folders = headers.flatMap((folder) => ["-I", folder]);
    const compile = () =>
      execFileSync("nvcc", ["-std=c++20", "-c", "-o", "/dev/null", ...folders, source], { stdio: "pipe" });
    expect(compile).not.toThrow();
  },
);
