import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Options } from "tsup";
import ts from "typescript";

type Plugin = NonNullable<Options["esbuildPlugins"]>[number];

/** Shorter strings and single words stay: names, codes. */
const MIN_PROSE = 8;

/** A literal that people read, where it stands, and what is written in its place. */
interface Prose {
  readonly start: number;
  readonly end: number;
  /** `say` gives what is wrong, `advise` what to do. */
  readonly by: "say" | "advise";
  /** What stands between the values. */
  readonly parts: readonly string[];
  readonly values: readonly string[];
}

/**
 * Sets the texts of a package's errors apart, in the file `#texts` of its manifest. In Node and in development that is all
 * of them; in the bundle of a page it is none, and an error has its class, code, op, values and operands. The sources have
 * each text where it is thrown: `axis ${axis} is outside rank ${rank}` becomes `text7(axis, rank)` here, in the build. For
 * pages all these names are one function's, which lists the values, so that their bundles do not even have the numbers.
 * What computes an advice is wrapped, as in `advise(() => known.length === 0 ? text8() : text9(known))`: pages advise nothing.
 *
 * What makes such texts, of a value or of what may be meant, is `prose.ts`, for which the same pages have `no-prose.ts`.
 */
export function texts(): Plugin[] {
  if (!readFileSync("package.json", "utf8").includes('"#texts"')) return [];
  const table: Text[] = [];
  const files = new Map<string, string>();
  // what is for Node alone is in no page
  const exclude = (name: string): boolean => /\.(test|test-kit|long|cuda)\.ts$|\bnode\.ts$/.test(name);
  for (const path of globSync("src/**/*.ts", { exclude }).sort())
    files.set(resolve(path), apart(readFileSync(path, "utf8"), table));
  return [
    {
      name: "texts of errors apart",
      setup(build) {
        build.onResolve({ filter: /^#texts$/ }, ({ path }) => ({ path, external: true }));
        build.onResolve({ filter: /\/prose\.ts$/ }, ({ kind }) =>
          kind === "entry-point" ? null : { path: "#prose", external: true },
        );
        build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
          const contents = files.get(path);
          return contents === undefined ? undefined : { contents, loader: "ts" };
        });
        build.onEnd(() => {
          if (!existsSync("dist")) mkdirSync("dist");
          writeFileSync(join("dist", "texts.js"), whole(table));
          writeFileSync(join("dist", "no-texts.js"), none(table));
        });
      },
    },
  ];
}

type Text = Pick<Prose, "by" | "parts">;

const whole = (table: readonly Text[]): string =>
  `export const advise = (advice) => advice();\n${table
    .map(({ parts }, n) => {
      const text = parts.map((part) => part.replaceAll(/[\\`]|\$(?=\{)/g, "\\$&").replaceAll("\n", "\\n"));
      const values = parts.slice(1).map((_, i) => `v${i}`);
      const filled = text.map((part, i) => part + (i < values.length ? `\${${values[i]}}` : ""));
      return `export const text${n} = (${values.join(", ")}) => \`${filled.join("")}\`;\n`;
    })
    .join("")}`;

/** What stands for texts where they are not. */
const none = (table: readonly Text[]): string => `const say = (...values) => values.join(", ");
export function advise() {}
export { ${table.map(({ by }, n) => `${by} as text${n}`).join(", ")} };
`;

/** The code of a file with calls in the place of its prose, which is added to the table. */
export function apart(code: string, table: Text[]): string {
  const found = proseOf(ts.createSourceFile("file.ts", code, ts.ScriptTarget.ES2022, true));
  if (found.length === 0) return code;
  const names = new Set<string>();
  const written = found.map((part) => {
    if ("code" in part) {
      names.add("advise");
      return part.code;
    }
    const name = `text${table.push({ by: part.by, parts: part.parts }) - 1}`;
    names.add(name);
    return `${name}(${part.values.join(", ")})`;
  });
  const pieces = found.map(({ end }, i) => written[i] + code.slice(end, found[i + 1]?.start));
  return `import { ${[...names].join(", ")} } from "#texts";\n${code.slice(0, found[0]!.start)}${pieces.join("")}`;
}

/** What is put in at a place. */
interface Insertion {
  readonly start: number;
  readonly end: number;
  readonly code: string;
}

type Found = (Prose | Insertion)[];

function proseOf(file: ts.SourceFile): Readonly<Found> {
  const found: Found = [];
  const visit = (node: ts.Node): void => {
    const parts = refusal(node);
    for (const [part, by] of parts) read(part, by, found, visit);
    ts.forEachChild(node, (child) => {
      if (!parts.some(([part]) => part === child)) visit(child);
    });
  };
  visit(file);
  return found.sort((a, b) => a.start - b.start || a.end - b.end);
}

/** Which arguments of other functions people read: for one, `kindOf` takes what a value ought to have been. */
const told: ReadonlyMap<string, readonly (readonly [number, Prose["by"]])[]> = new Map([
  ["deviceLost", [[0, "say"]]],
  ["explainAs", [[1, "say"]]],
  ["kindOf", [[1, "say"]]],
  [
    "outside",
    [
      [1, "say"],
      [2, "advise"],
    ],
  ],
  ["problem", [[0, "say"]]],
  ["refuse", [[0, "say"]]],
  ["rule", [[0, "say"]]],
]);

type Part = readonly [ts.Node, Prose["by"]];

/** What is wrong and what to do, as an error or a refusal is given them: `(code, op, problem, { fix })`, `(problem, fix)`. */
function refusal(node: ts.Node): readonly Part[] {
  if (ts.isVariableDeclaration(node) && /^(problem|fix)$/.test(node.name.getText()))
    return node.initializer === undefined ? [] : [[node.initializer, node.name.getText() === "fix" ? "advise" : "say"]];
  if (!ts.isNewExpression(node) && !ts.isCallExpression(node)) return [];
  const name = node.expression.getText();
  const given = node.arguments ?? [];
  const code = given.findIndex((part) => ts.isStringLiteral(part) && /^E\d{3}$/.test(part.text));
  const [problem, ...advice] = given.slice(name === "failDType" ? 0 : code + 1);
  if (name === "failDType" || (code >= 0 && /^(fail|refuse)$/.test(name)))
    return [[problem!, "say"], ...advice.map((part): Part => [part, "advise"])];
  if (code >= 0 && /(Error|\.#refuse)$/.test(name)) return given.slice(code + 1).map((part): Part => [part, "say"]);
  return (told.get(name) ?? []).flatMap(([i, by]): Part[] => (given[i] === undefined ? [] : [[given[i], by]]));
}

/** Finds the literals of a text, and leaves to `visit` what is none. */
function read(node: ts.Node, by: Prose["by"], found: Found, visit: (node: ts.Node) => void): void {
  const readToo = (part: ts.Node, other = by): void => read(part, other, found, visit);
  if (ts.isObjectLiteralExpression(node)) {
    for (const property of node.properties) {
      if (ts.isSpreadAssignment(property)) readToo(property.expression);
      else if (ts.isPropertyAssignment(property) && property.name.getText() === "fix") {
        wrap(property.initializer, found);
        readToo(property.initializer, "advise");
      } else visit(property);
    }
  } else if (ts.isConditionalExpression(node)) {
    readToo(node.whenTrue);
    readToo(node.whenFalse);
  } else if (ts.isParenthesizedExpression(node)) readToo(node.expression);
  else if (ts.isBinaryExpression(node)) for (const side of [node.left, node.right]) readToo(side);
  else if (ts.isStringLiteralLike(node)) add(node, by, [node.text], [], found);
  else if (ts.isTemplateExpression(node)) {
    const spans = node.templateSpans;
    const parts = [node.head.text, ...spans.map(({ literal }) => literal.text)];
    const values = spans.map(({ expression }) => expression.getText());
    add(node, by, parts, values, found);
  } else visit(node);
}

/** Makes a function of what computes an advice, for `advise` to call. A function is the program's own to call. */
function wrap(advice: ts.Expression, found: Found): void {
  if (ts.isStringLiteralLike(advice) || ts.isFunctionLike(advice) || /\b(await|yield)\b/.test(advice.getText())) return;
  const [start, end] = [advice.getStart(), advice.getEnd()];
  found.push({ start, end: start, code: "advise(() => (" }, { start: end, end, code: "))" });
}

function add(node: ts.Node, by: Prose["by"], parts: readonly string[], values: readonly string[], found: Found): void {
  const text = parts.join("");
  if (text.length < MIN_PROSE || !text.includes(" ")) return;
  found.push({ start: node.getStart(), end: node.getEnd(), by, parts, values });
}
