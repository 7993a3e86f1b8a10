import { expect, test } from "vitest";
import { runProgram } from "./programs.ts";
import { examples, quickOptions } from "./quick-examples.ts";

test.each(examples)("%s reaches on the GPU what it is to show", async (folder) => {
  const outcome = await runProgram(`${folder}/main.ts`, [...quickOptions(folder), "--backend", "cuda-native"]);
  expect(outcome.code, `${outcome.output}\n${outcome.errors}`).toBe(0);
  expect(outcome.output).toMatch(/^✓ /m);
});
