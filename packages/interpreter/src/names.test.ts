import { readdirSync, readFileSync } from "node:fs";
import { allOps } from "@tenon/ir";
import { expect, test } from "vitest";

/** Words that are also something else: what a dtype is used for, and a kind of attribute. */
const otherWords = ["convert", "dot", "dim"];

test("the interpreter names no op: it reads records", () => {
  const folder = new URL(".", import.meta.url);
  const sources = readdirSync(folder).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
  const named = sources.flatMap((name) => {
    const text = readFileSync(new URL(name, folder), "utf8").replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    const strings = text.matchAll(/["'`]([\w.]+)(?:@\d+)?["'`]/g);
    const imported =
      /import \{([^}]*)\} from "@tenon\/ir"/s
        .exec(text)?.[1]
        ?.split(",")
        .map((word) => word.trim().replace(/^type /, "")) ?? [];
    const words = [...[...strings].map(([, word]) => word!), ...imported.map((word) => word.replace(/Op$/, ""))];
    return allOps()
      .filter((op) => words.includes(op.name) && !otherWords.includes(op.name))
      .map((op) => `${name}: ${op.name}`);
  });
  expect(sources.length).toBeGreaterThan(4);
  expect(named).toEqual([]);
});
