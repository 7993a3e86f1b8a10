import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDevice, whyNoDevice } from "./device.ts";
import { testEmulatedDevice } from "./emulated-device.test-kit.ts";
import { candidatesOf } from "./libraries.ts";

test("libraries are looked for in named folders, by the loader, in a toolkit, and in the packages of Python", () => {
  const folder = mkdtempSync(join(tmpdir(), "tenon-libraries-"));
  const wheel = join(folder, "venv/lib/python3.12/site-packages/nvidia/cuda_nvrtc/lib");
  const places = [join(folder, "named"), join(folder, "toolkit/lib64"), wheel];
  try {
    for (const place of places) {
      mkdirSync(place, { recursive: true });
      writeFileSync(join(place, "libnvrtc.so.13"), "");
    }
    const found = candidatesOf("compiler", {
      TENON_CUDA_LIBS: `${folder}/none:${folder}/named`,
      CUDA_HOME: join(folder, "toolkit"),
      VIRTUAL_ENV: join(folder, "venv"),
    });
    const [named, toolkit, python] = places.map((place) => join(place, "libnvrtc.so.13"));
    expect(found.slice(0, 5)).toEqual([named, "libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so", toolkit]);
    expect(found).toContain(python);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

testEmulatedDevice("a wrong number of a GPU is refused, and an option that does not exist", () => {
  expect(whyNoDevice()).toBeNull();
  expect(whyNoDevice({ device: 3 })).toBe("there is no GPU 3, of 1");
  expect(() => openDevice({ device: -1 })).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 cudaNative: device is -1, which is no number of a GPU.
      fix: give a whole number from 0.]
  `);
  expect(() => openDevice({ devise: 0 } as object)).toThrow("did you mean device?");
});
