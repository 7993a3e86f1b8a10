import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type { BackendFactory } from "@tenon/backend";
import { chooseBackend } from "@tenon/backend/node";
import { expect, test, vi } from "vitest";
import { architectureFor } from "./architecture.ts";
import { cudaNative } from "./backend.ts";
import { openDevice, whyNoDevice } from "./device.ts";
import { testEmulatedDevice } from "./emulated-device.test-kit.ts";
import { candidatesOf } from "./libraries.ts";
import { loadNative } from "./native.ts";

test("libraries are looked for in named folders, by the loader, in a toolkit, and in the packages of Python", () => {
  const folder = mkdtempSync(join(tmpdir(), "tenon-libraries-"));
  const wheel = join(folder, "venv/lib/python3.12/site-packages/nvidia/cuda_nvrtc/lib");
  const places = [...["named", "toolkit/lib64", "conda/lib"].map((name) => join(folder, name)), wheel];
  try {
    for (const place of places) {
      mkdirSync(place, { recursive: true });
      writeFileSync(join(place, "libnvrtc.so.13"), "");
    }
    const found = candidatesOf("compiler", {
      TENON_CUDA_LIBS: `${folder}/none:${folder}/named`,
      CUDA_HOME: join(folder, "toolkit"),
      CONDA_PREFIX: join(folder, "conda"),
      VIRTUAL_ENV: join(folder, "venv"),
    });
    const [named, toolkit, conda, python] = places.map((place) => join(place, "libnvrtc.so.13"));
    expect(found.slice(0, 6)).toEqual([named, "libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so", toolkit, conda]);
    expect(found).toContain(python);
    expect(candidatesOf("compiler", { TENON_CUDA_LIBS: relative(".", `${folder}/named`) })[0]).toBe(named);
    writeFileSync(join(folder, "named/libnvrtc.so.12"), "");
    const forOlder = candidatesOf("compiler", { TENON_CUDA_LIBS: join(folder, "named") }, 12_080);
    expect(forOlder.slice(0, 2)).toEqual([join(folder, "named/libnvrtc.so.12"), named]);
    expect(forOlder.slice(2, 5)).toEqual(["libnvrtc.so.12", "libnvrtc.so", "libnvrtc.so.13"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** What comes of `work` where NVIDIA's libraries are in these folders, and nowhere else that a test could know. */
async function withLibraries<T>(folders: string, work: () => T | Promise<T>): Promise<T> {
  vi.stubEnv("TENON_CUDA_LIBS", folders);
  try {
    return await work();
  } finally {
    vi.unstubAllEnvs();
  }
}

/** Whether this machine, or the environment of Python that is active, has a library of NVIDIA's own. */
function isHere(kind: "driver" | "compiler"): boolean {
  const { Driver, Compiler } = loadNative();
  try {
    new (kind === "driver" ? Driver : Compiler)(candidatesOf(kind, { ...process.env, TENON_CUDA_LIBS: "" }));
    return true;
  } catch {
    return false;
  }
}

/** What `auto` says where there would be WebGPU, too. */
async function byAuto(): Promise<string> {
  const create = () => Promise.reject(new Error("not in this test"));
  const factories: Readonly<Record<string, BackendFactory>> = {
    "cuda-native": cudaNative(),
    webgpu: { id: "webgpu", abi: 1, create },
  };
  return (await chooseBackend({ argument: "auto", resolve: (id) => factories[id]! })).reason;
}

// The order matters: what a process has opened once, the loader finds by its name wherever it lies.

testEmulatedDevice("auto passes over a machine without a driver, and says so", async (context) => {
  if (isHere("driver")) return context.skip();
  const reason = await withLibraries("", byAuto);
  expect(reason).toBe("backend webgpu, by auto (cuda-native: the NVIDIA driver was not found)");
});

testEmulatedDevice("a device without NVRTC beside it is refused, with where it was looked for", async (context) => {
  if (isHere("compiler")) return context.skip();
  const folder = mkdtempSync(join(tmpdir(), "tenon-libraries-"));
  try {
    symlinkSync(join(process.env.TENON_CUDA_LIBS!, "libcuda.so.1"), join(folder, "libcuda.so.1"));
    await withLibraries(folder, () => {
      expect(() => openDevice()).toThrowErrorMatchingInlineSnapshot(`
        [BackendError E574 cuda-native: NVRTC, the compiler of kernels, was not found.
          tried 1: libnvrtc.so.13: cannot open shared object file: No such file or directory
          tried 2: libnvrtc.so.12: cannot open shared object file: No such file or directory
          tried 3: libnvrtc.so: cannot open shared object file: No such file or directory
          fix: install it, for example by pip install nvidia-cuda-nvrtc, or name the folder of libnvrtc.so in TENON_CUDA_LIBS.]
      `);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

testEmulatedDevice("a wrong number of a GPU is refused, and an option that does not exist", () => {
  expect(whyNoDevice()).toBeNull();
  expect(whyNoDevice({ device: 3 })).toBe("there is no GPU 3, of 1");
  expect(() => openDevice({ device: 3 })).toThrowErrorMatchingInlineSnapshot(`
    [BackendError E573 cuda-native: there is no GPU 3, of 1.
      fix: use a device from 0 to 0.]
  `);
  expect(() => openDevice({ device: -1 })).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 cudaNative: device is -1, which is no number of a GPU.
      fix: give a whole number from 0.]
  `);
  expect(() => openDevice({ device: Number("x") })).toThrow("device is NaN, which is no number of a GPU");
  expect(() => openDevice({ device: "1" } as object)).toThrow('device is "1", which is no number of a GPU');
  expect(() => openDevice({ devise: 0 } as object)).toThrow("did you mean device?");
});

test("code is made for the GPU, or for the latest before it whose code it runs", () => {
  const known = [75, 80, 86, 90, 100, 120];
  expect(architectureFor({ major: 9, minor: 0 }, known)).toBe(90);
  expect(architectureFor({ major: 8, minor: 9 }, known)).toBe(86);
  expect(architectureFor({ major: 12, minor: 1 }, known)).toBe(120);
  expect(architectureFor({ major: 7, minor: 0 }, known)).toBe(undefined);
  expect(architectureFor({ major: 11, minor: 0 }, known)).toBe(undefined);
});

testEmulatedDevice("a GPU that NVRTC makes no code for is refused, with what it makes code for", () => {
  vi.stubEnv("TENON_EMULATED_ARCHITECTURES", "75 80 100");
  try {
    expect(whyNoDevice()).toBe("NVRTC 13.0 makes no code for compute capability 9.0, which emulated has");
    expect(() => openDevice()).toThrow(
      /it makes code for: 7\.5, 8\.0, 10\.0\n {2}fix: install NVRTC of another CUDA: a later one for a new GPU, an earlier one for an old GPU\.$/,
    );
  } finally {
    vi.unstubAllEnvs();
  }
});

testEmulatedDevice("auto takes a GPU before all others", async () => {
  expect(await byAuto()).toBe("backend cuda-native, by auto");
});
