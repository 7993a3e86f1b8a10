import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { moduleFromBinary, moduleToBinary } from "./binary.ts";
import { everySample, example, exampleText, odd, sampleFn } from "./forms.test-kit.ts";
import { buildModule, canonicalModule, constant, contentHash, Fn, input, type Module, withScope } from "./index.ts";
import { moduleFromJson, moduleToJson } from "./json.ts";
import { add } from "./ops/arithmetic.ts";
import { allSamples } from "./samples.ts";
import { parseModule, printModule } from "./text.ts";
import { verifyModule } from "./verify.ts";

const byText = (module: Module): Module => parseModule(printModule(module));
const byJson = (module: Module): Module => moduleFromJson(moduleToJson(module));
const byBinary = (module: Module): Module => moduleFromBinary(moduleToBinary(module));

/** All that a module holds, functions by name. */
const contents = (module: Module): unknown => ({ ...module, functions: JSON.parse(moduleToJson(module)) });

test.each([
  ["the worked example", example],
  ["a module with every part and odd names", odd],
  ["every sample of every op", everySample],
])("text, JSON and binary hold the same: %s", (_, make) => {
  const module = make();
  for (const form of [byText, byJson, byBinary]) {
    const read = form(module);
    expect(contents(read)).toEqual(contents(module));
    expect(printModule(read)).toBe(printModule(module));
    expect(moduleToJson(read)).toBe(moduleToJson(module));
    expect(moduleToBinary(read)).toEqual(moduleToBinary(module));
  }
});

test("every sample is a well-formed module in each form", () => {
  for (const sample of allSamples()) {
    const module = buildModule({ entries: { f: sampleFn(sample) } });
    expect(verifyModule(module), sample.name).toEqual([]);
    for (const form of [byText, byJson, byBinary]) expect(verifyModule(form(module)), sample.name).toEqual([]);
  }
});

test("the worked example is parsed, printed and parsed again without a change", () => {
  const printed = printModule(parseModule(exampleText));
  expect(printModule(parseModule(printed))).toBe(printed);
  expect(verifyModule(parseModule(exampleText))).toEqual([]);
  // but for comments, alignment and attributes that have their default value, it is printed as it was written
  const plain = (text: string): string =>
    text
      .replaceAll(/\/\/.*/g, "")
      .replaceAll(/, acc=f32|, axes=\[0\](?=\} +: f32\[\]$)/gm, "")
      .replaceAll(/ +:/g, " :")
      .replaceAll(/\n\s*\n|\n {2,}\n/g, "\n");
  expect(plain(printed)).toBe(plain(exampleText));
});

test("the text that README.md shows is read", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const shown = readme.split("```ir\n")[1]!.split("```")[0]!;
  const printed = printModule(parseModule(shown));
  expect(printed).toBe(shown.replaceAll(/ *\/\/.*/g, ""));
});

test("200,000 ops pass through every form", () => {
  const x = input({ dtype: "float32", shape: [2] }, "x");
  let y = x;
  withScope("chain", () => {
    const one = constant(1, [2]);
    for (let i = 0; i < 200_000; i++) y = add(y, one);
  });
  const module = buildModule({ entries: { chain: new Fn("chain", [x], [y]) } });
  const bytes = moduleToBinary(module);
  for (const form of [byText, byJson, byBinary]) expect(Buffer.compare(moduleToBinary(form(module)), bytes)).toBe(0);
  expect(canonicalModule(module).functions[0]!.ops.length).toBe(200_001);
  expect(contentHash(module)).toBe(contentHash(byBinary(module)));
}, 120_000);
