import ts from "typescript";

/** A composite as the check knows it: its name in the IR, and the names under which `@tenon/ir` exports it. */
export interface Composite {
  readonly name: string;
  readonly exports: readonly string[];
}

/** Every place in a source text that names a composite, in a string or by importing its record. Comments may name it. */
export function compositeNames(text: string, composites: readonly Composite[]): readonly string[] {
  const found: string[] = [];
  const source = ts.createSourceFile("source.ts", text, ts.ScriptTarget.ESNext);
  const pending: ts.Node[] = [source];
  for (const node of pending) {
    if (
      ts.isStringLiteralLike(node) ||
      ts.isTemplateHead(node) ||
      ts.isTemplateMiddle(node) ||
      ts.isTemplateTail(node)
    ) {
      const words = node.text.split(/[^\w.]+/);
      found.push(...composites.filter(({ name }) => words.includes(name)).map(({ name }) => `"${name}"`));
    }
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) found.push(...importedRecords(node, composites));
    ts.forEachChild(node, (child) => {
      pending.push(child);
    });
  }
  return found;
}

function importedRecords(
  node: ts.ImportDeclaration | ts.ExportDeclaration,
  composites: readonly Composite[],
): readonly string[] {
  const from = node.moduleSpecifier;
  if (from === undefined || !ts.isStringLiteral(from) || !/^@tenon\/ir($|\/)/.test(from.text)) return [];
  const bindings = ts.isImportDeclaration(node) ? node.importClause?.namedBindings : node.exportClause;
  if (bindings === undefined || !("elements" in bindings)) return [];
  const names = bindings.elements.map((element) => (element.propertyName ?? element.name).text);
  return names
    .filter((name) => composites.some(({ exports }) => exports.includes(name)))
    .map((name) => `import { ${name} }`);
}
