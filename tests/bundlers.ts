import { basename, dirname, join } from "node:path";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import * as esbuild from "esbuild";
import { rollup } from "rollup";
import * as vite from "vite";

/** For Node, packages are read by their `node` condition and Node's modules stay outside; for a page, neither. */
export type Platform = "node" | "browser";

/** Joins `entry`, an absolute path, and all that it imports into one file, and gives its path. */
export type Bundler = (entry: string, platform: Platform) => Promise<string>;

const output = (entry: string, bundler: string, platform: Platform) =>
  join(dirname(entry), "bundles", bundler, `${platform}.mjs`);

/** A package has to be bundled without a word. */
function refuse(warning: { readonly message: string } | string): never {
  throw new Error(`a bundler warns: ${typeof warning === "string" ? warning : warning.message}`);
}

async function withEsbuild(entry: string, platform: Platform): Promise<string> {
  const outfile = output(entry, "esbuild", platform);
  const { warnings } = await esbuild.build({
    entryPoints: [entry],
    outfile,
    platform,
    bundle: true,
    minify: true,
    format: "esm",
    logLevel: "error",
  });
  for (const { text } of warnings) refuse(text);
  return outfile;
}

async function withRollup(entry: string, platform: Platform): Promise<string> {
  const file = output(entry, "rollup", platform);
  const bundle = await rollup({
    input: entry,
    external: /^node:/,
    onwarn: (warning) => {
      if (warning.code !== "CIRCULAR_DEPENDENCY") refuse(warning); // functions may know each other
    },
    plugins: [nodeResolve({ exportConditions: [platform], browser: platform === "browser" })],
  });
  // In chunks: in one file what is imported late would run only behind a top-level await that waits for it.
  const names = { entryFileNames: basename(file), chunkFileNames: "[name]-[hash].mjs" };
  await bundle.write({ dir: dirname(file), format: "es", ...names });
  await bundle.close();
  return file;
}

async function withVite(entry: string, platform: Platform): Promise<string> {
  const file = output(entry, "vite", platform);
  await vite.build({
    root: dirname(entry),
    configFile: false,
    customLogger: { ...vite.createLogger("error"), warn: refuse, warnOnce: refuse },
    ssr: { noExternal: true },
    build: {
      ssr: platform === "node" ? entry : false,
      outDir: dirname(file),
      emptyOutDir: false,
      target: "es2022",
      minify: true,
      modulePreload: false,
      rolldownOptions: { input: entry, output: { entryFileNames: `${platform}.mjs` } },
    },
  });
  return file;
}

export const bundlers: Readonly<Record<string, Bundler>> = {
  esbuild: withEsbuild,
  rollup: withRollup,
  vite: withVite,
};
