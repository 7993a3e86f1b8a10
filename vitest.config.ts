import { existsSync, readdirSync, readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";

const root = import.meta.dirname;

/** `@tenon/x/y` is read from the source of the file that Node would load, so that tests need no build. */
function sourceAliases(): { find: RegExp; replacement: string }[] {
  return readdirSync(`${root}/packages`)
    .filter((folder) => existsSync(`${root}/packages/${folder}/package.json`))
    .flatMap((folder) => {
      const { name, exports } = JSON.parse(readFileSync(`${root}/packages/${folder}/package.json`, "utf8")) as {
        name: string;
        exports: Record<string, string | { node?: string; default: string }>;
      };
      return Object.entries(exports).flatMap(([subpath, target]) => {
        if (typeof target === "string") return [];
        const built = target.node ?? target.default;
        const source = built.replace(/^\.\/dist\/(.*)\.js$/, `${root}/packages/${folder}/src/$1.ts`);
        return [{ find: new RegExp(`^${name}${subpath.slice(1)}$`), replacement: source }];
      });
    });
}

export default defineConfig(({ mode }) => ({
  resolve: { alias: sourceAliases() },
  test: {
    include: [mode === "long" ? "**/*.long.ts" : "**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    testTimeout: mode === "long" ? 600_000 : 20_000,
  },
}));
