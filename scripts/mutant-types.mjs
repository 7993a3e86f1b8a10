import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { root } from "./workspace.mjs";

/** Tells whether a file of a copy of the packages, given other text, still has no error of syntax or type. */
export function typeChecker(/** @type {string} */ folder, /** @type {readonly string[]} */ paths) {
  const { config } = ts.readConfigFile(join(root, "tsconfig.base.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, folder, {
    typeRoots: [join(root, "node_modules/@types")],
  });
  /** @type {Map<string, { version: number, text: string }>} */
  const changed = new Map();
  /** @type {ts.LanguageServiceHost} */
  const host = {
    getCompilationSettings: () => options,
    getScriptFileNames: () => paths.map((path) => join(folder, path)),
    getScriptVersion: (path) => String(changed.get(path)?.version ?? 0),
    getScriptSnapshot(path) {
      const text = changed.get(path)?.text ?? ts.sys.readFile(path);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => folder,
    getDefaultLibFileName: (settings) => ts.getDefaultLibFilePath(settings),
    fileExists: ts.sys.fileExists,
    readFile: ts.sys.readFile,
    directoryExists: ts.sys.directoryExists,
  };
  const service = ts.createLanguageService(host);
  let version = 0;
  return (/** @type {string} */ path, /** @type {string} */ text) => {
    const file = join(folder, path);
    changed.set(file, { version: ++version, text });
    const errors = [...service.getSyntacticDiagnostics(file), ...service.getSemanticDiagnostics(file)].length;
    changed.set(file, { version: ++version, text: readFileSync(file, "utf8") });
    return errors === 0;
  };
}
