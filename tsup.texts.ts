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
 * each text where it is thrown: `axis ${axis} is outside rank ${rank}` becomes `say(7, axis, rank)` here, in the build.
 *
 * What makes such texts, of a value or of what may be meant, is `prose.ts`, for which the same pages have `no-prose.ts`.
 */
export function texts(): Plugin[] {
  if (!readFileSync("package.json", "utf8").includes('"#texts"')) return [];
  const table: (readonly string[])[] = [];
  const files = new Map<string, string>();
  for (const path of globSync("src/**/*.ts", { exclude: (name) => /\.(test|test-kit|long)\.ts$/.test(name) }).sort())
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
          writeFileSync(join("dist", "no-texts.js"), NONE);
        });
      },
    },
  ];
}

const whole = (table: readonly (readonly string[])[]): string => `const texts = ${JSON.stringify(table, null, 1)};
export const say = (n, ...values) => String.raw({ raw: texts[n] }, ...values);
export const advise = say;
`;

const NONE = `export const say = (_n, ...values) => values.join(", ");
export function advise() {}
`;

/** The code of a file with calls in the place of its prose, which is added to the table. */
export function apart(code: string, table: (readonly string[])[]): string {
  const found = proseOf(ts.createSourceFile("file.ts", code, ts.ScriptTarget.ES2022, true));
  if (found.length === 0) return code;
  const written = found.map(({ by, parts, values }) => `${by}(${[table.push(parts) - 1, ...values].join(", ")})`);
  const pieces = found.map(({ end }, i) => written[i] + code.slice(end, found[i + 1]?.start));
  return `import { advise, say } from "#texts";\n${code.slice(0, found[0]!.start)}${pieces.join("")}`;
}

function proseOf(file: ts.SourceFile): readonly Prose[] {
  const found: Prose[] = [];
  const visit = (node: ts.Node): void => {
    const refused = ts.isNewExpression(node) || ts.isCallExpression(node) ? refusal(node) : undefined;
    refused?.forEach(([part, by]) => {
      read(part, by, found);
    });
    ts.forEachChild(node, (child) => {
      if (!refused?.some(([part]) => part === child)) visit(child);
    });
  };
  visit(file);
  return found.sort((a, b) => a.start - b.start);
}

/** Which argument of other functions is read: for one, `kindOf` takes what a value ought to have been. */
const told: Readonly<Record<string, number>> = { kindOf: 1, problem: 0, refuse: 0, rule: 0 };

/** What is wrong and what to do, as an error or a refusal is given them: `(code, op, problem, { fix })`, `(problem, fix)`. */
function refusal(call: ts.NewExpression | ts.CallExpression): (readonly [ts.Node, Prose["by"]])[] | undefined {
  const name = call.expression.getText().replace("this.#", "");
  const [first, ...rest] = call.arguments ?? [];
  const coded = first !== undefined && ts.isStringLiteral(first) && /^E\d{3}$/.test(first.text);
  if (name === "fail" && coded) return rest.map((part, i) => [part, i === 0 ? "say" : "advise"]);
  if (name === "failDType") return [first!, ...rest].map((part, i) => [part, i === 0 ? "say" : "advise"]);
  if (coded && /(Error|refuse)$/.test(name)) return rest.map((part) => [part, "say"]);
  const part = Object.hasOwn(told, name) ? call.arguments?.[told[name]!] : undefined;
  return part === undefined ? undefined : [[part, "say"]];
}

function read(node: ts.Node, by: Prose["by"], found: Prose[]): void {
  if (ts.isObjectLiteralExpression(node)) {
    for (const property of node.properties) {
      if (ts.isSpreadAssignment(property)) read(property.expression, by, found);
      else if (ts.isPropertyAssignment(property) && property.name.getText() === "fix")
        read(property.initializer, "advise", found);
    }
  } else if (ts.isConditionalExpression(node)) {
    read(node.whenTrue, by, found);
    read(node.whenFalse, by, found);
  } else if (ts.isParenthesizedExpression(node)) read(node.expression, by, found);
  else if (ts.isBinaryExpression(node)) for (const side of [node.left, node.right]) read(side, by, found);
  else if (ts.isStringLiteralLike(node)) add(node, by, [node.text], [], found);
  else if (ts.isTemplateExpression(node)) {
    const spans = node.templateSpans;
    const parts = [node.head.text, ...spans.map(({ literal }) => literal.text)];
    const values = spans.map(({ expression }) => expression.getText());
    add(node, by, parts, values, found);
  }
}

function add(
  node: ts.Node,
  by: Prose["by"],
  parts: readonly string[],
  values: readonly string[],
  found: Prose[],
): void {
  const text = parts.join("");
  if (text.length < MIN_PROSE || !text.includes(" ")) return;
  found.push({ start: node.getStart(), end: node.getEnd(), by, parts, values });
}
