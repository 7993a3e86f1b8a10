import { existsSync, globSync } from "node:fs";
import type { Options } from "tsup";
import { texts } from "./tsup.texts.ts";

/**
 * The build every package shares: ESM and declarations, one output file per source file.
 *
 * The files are not joined, so that `sideEffects` can name the one that installs something, a bundler can drop each
 * op that a program does not import, and all subpaths share one copy of every class.
 */
export function preset(entries: readonly string[]): Options {
  return {
    entry: globSync("src/**/*.ts", { exclude: (path) => /\.(test|test-kit|long|cuda)\.ts$/.test(path) }),
    format: "esm",
    target: "node20",
    platform: "neutral",
    outDir: "dist",
    clean: true,
    bundle: true,
    splitting: false,
    sourcemap: true,
    external: [/^node:/],
    removeNodeProtocol: false,
    // Other packages are resolved as a user would resolve them: by their built declarations, not by the source paths.
    dts: {
      entry: entries.map((name) => `src/${name}.ts`).filter((path) => existsSync(path)),
      compilerOptions: { paths: {} },
    },
    esbuildPlugins: [
      ...texts(),
      {
        name: "one output file per source file",
        setup(build) {
          build.onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ kind, path }) =>
            kind === "entry-point" ? null : { path: path.replace(/\.ts$/, ".js"), external: true },
          );
        },
      },
    ],
  };
}
