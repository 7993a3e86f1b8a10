import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { defineConfig, type Plugin } from "vitest/config";
import { manifest, packagesIn, root } from "./scripts/workspace.mjs";
import { programsOf } from "./tests/markdown.ts";

/** `@tenon/x/y` is read from the source of the file that Node would load, so that tests need no build. */
function sourceAliases(): { find: RegExp; replacement: string }[] {
  return packagesIn("packages").flatMap((folder) => {
    const { name, exports } = manifest(folder) as {
      name: string;
      exports: Record<string, string | { node?: string; default: string }>;
    };
    return Object.entries(exports).flatMap(([subpath, target]) => {
      if (typeof target === "string") return [];
      const source = (target.node ?? target.default).replace("./dist/", "src/").replace(/\.js$/, ".ts");
      return [{ find: new RegExp(`^${name}${subpath.slice(1)}$`), replacement: `${root}/${folder}/${source}` }];
    });
  });
}

/** `README.md?program=0` is the first program of that document. */
function markdownPrograms(): Plugin {
  return {
    name: "programs of Markdown documents",
    load(id) {
      const [, path, index] = /^(.*\.md)\?program=(\d+)$/.exec(id) ?? [];
      if (path === undefined) return null;
      const program = programsOf(readFileSync(path, "utf8"))[Number(index)]!;
      return { code: "\n".repeat(program.line - 1) + stripTypeScriptTypes(program.code), map: null };
    },
  };
}

/**
 * What a mode runs, how long a test of it may take, and whether files run beside each other: `long` those that take long, `cuda` those
 * on an NVIDIA GPU, whose memory one of them fills.
 */
const modes: Readonly<Record<string, { readonly suffix: string; readonly timeout: number; readonly beside: boolean }>> =
  {
    long: { suffix: "long", timeout: 600_000, beside: true },
    cuda: { suffix: "cuda", timeout: 3_600_000, beside: false },
  };
const usual = { suffix: "test", timeout: 20_000, beside: true };

export default defineConfig(({ mode }) => ({
  plugins: [markdownPrograms()],
  resolve: { alias: sourceAliases() },
  test: {
    include: [`**/*.${(modes[mode] ?? usual).suffix}.ts`],
    exclude: ["**/node_modules/**", "**/dist/**"],
    silent: "passed-only",
    env: { TENON_DEBUG: "verify" }, // what is recorded is well-formed by construction: here it is verified as well
    snapshotSerializers: ["./tests/error-text.ts"],
    testTimeout: (modes[mode] ?? usual).timeout,
    fileParallelism: (modes[mode] ?? usual).beside,
  },
}));
