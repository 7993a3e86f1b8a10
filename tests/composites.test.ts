import * as ir from "@tenon/ir";
import { describe, expect, test } from "vitest";
import { type Composite, compositeNames } from "./composite-names.ts";
import { readPackages } from "./sources.ts";

/** The primitive `composite`, which has no namespace, is the frame that a composite from outside stands in. */
const records = ir.allOps().filter((op) => op.kind === "composite" && op.name.includes("."));

/** `nn.log_softmax` is the function `logSoftmax`, where that one only wraps the op. */
const camelCase = (name: string) =>
  name.slice(name.lastIndexOf(".") + 1).replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

const composites: readonly Composite[] = records.map((record) => ({
  name: record.name,
  exports: Object.entries(ir)
    .filter(([exported, value]) => exported === camelCase(record.name) || recordOf(value) === record)
    .map(([exported]) => exported),
}));

function recordOf(exported: unknown): unknown {
  return typeof exported === "function" && "op" in exported ? exported.op : exported;
}

/** The packages that read records and must not know what any composite is called; kernels of composites may, also those that backends share. */
const blind = /^@tenon\/(autograd|lowering|interpreter|backend-.*)$/;
const kernels = /^src\/(kernels|threads\/claimed)\//;

test("there are composites to look for", () => {
  expect(composites.length).toBeGreaterThan(20);
});

test("no composite is named where only records may be read", () => {
  const places = readPackages()
    .filter(({ name }) => blind.test(name))
    .flatMap(({ name, files }) =>
      [...files]
        .filter(([path]) => !kernels.test(path))
        .flatMap(([path, text]) => compositeNames(text, composites).map((found) => `${name} ${path}: ${found}`)),
    );
  expect(places).toEqual([]);
});

describe("the check bites:", () => {
  const softmax = [{ name: "nn.softmax", exports: ["softmax"] }];

  test.each([
    ["a string", `if (op.name === "nn.softmax") return;`, `"nn.softmax"`],
    ["a versioned name in a template", `const key = \`\${kind} nn.softmax@1\`;`, `"nn.softmax"`],
    ["an import of the record", `import { softmax as s } from "@tenon/ir";`, "import { softmax }"],
    ["a re-export of the record", `export { softmax } from "@tenon/ir";`, "import { softmax }"],
  ])("%s", (_title, text, found) => {
    expect(compositeNames(text, softmax)).toEqual([found]);
  });

  test("but not a comment, a longer name or a function of the same name", () => {
    const text = `// nn.softmax\nimport { softmax } from "./mine.ts";\nconst other = "nn.softmax_xent";`;
    expect(compositeNames(text, softmax)).toEqual([]);
  });
});
