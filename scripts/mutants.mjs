import ts from "typescript";

/**
 * One mechanical change of a source: the characters from `start` to `end` become `text`.
 *
 * @typedef {{ kind: string, start: number, end: number, text: string }} Mutant
 */

/** @type {Readonly<Record<string, string>>} */
const operators = {
  ...{ "+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "+=": "-=", "-=": "+=", "*=": "/=" },
  ...{ "<": "<=", "<=": "<", ">": ">=", ">=": ">", "===": "!==", "!==": "===" },
  ...{ "&&": "||", "||": "&&", "&": "|", "|": "&", "^": "|", "<<": ">>", ">>": "<<", ">>>": "<<" },
};
const ordered = new Set(["-", "/", "%", "<", "<=", ">", ">=", "<<", ">>", ">>>"]);

/** Functions that do not care in which order their two operands come. */
const commutative = /^(add|mul|multiply|and|or|xor|eq|ne|equal|min|max|minimum|maximum|imul)(Index)?$/;

/** @type {Readonly<Record<string, string>>} */
const names = {
  ...{ min: "max", max: "min", minimum: "maximum", maximum: "minimum", least: "greatest", greatest: "least" },
  ...{ floor: "ceil", ceil: "floor" },
};

/**
 * A node, or the nodes from one to another, and what stands there instead.
 *
 * @typedef {readonly [first: ts.Node, text: string, last?: ts.Node]} Change
 */

/**
 * The changes that begin at one node, given what stands in the source at a node.
 *
 * @typedef {(node: ts.Node, textOf: (node: ts.Node) => string) => readonly Change[]} Rule
 * @type {Readonly<Record<string, Rule>>}
 */
const rules = {
  operator(node, textOf) {
    if (!ts.isBinaryExpression(node)) return [];
    const other = operators[textOf(node.operatorToken)];
    return other === undefined ? [] : [[node.operatorToken, other]];
  },
  operands(node, textOf) {
    if (!ts.isBinaryExpression(node) || !ordered.has(textOf(node.operatorToken))) return [];
    const [left, right] = [textOf(node.left), textOf(node.right)];
    return left === right ? [] : [[node, `(${right}) ${textOf(node.operatorToken)} (${left})`]];
  },
  sign(node, textOf) {
    if (!ts.isPrefixUnaryExpression(node)) return [];
    const dropped = [ts.SyntaxKind.MinusToken, ts.SyntaxKind.ExclamationToken, ts.SyntaxKind.TildeToken];
    return dropped.includes(node.operator) ? [[node, `(${textOf(node.operand)})`]] : [];
  },
  constant(node, textOf) {
    if (ts.isNumericLiteral(node) && !isKey(node))
      return [[node, String(Number(textOf(node).replaceAll("_", "")) + 1)]];
    if (node.kind === ts.SyntaxKind.TrueKeyword) return [[node, "false"]];
    return node.kind === ts.SyntaxKind.FalseKeyword ? [[node, "true"]] : [];
  },
  condition(node, textOf) {
    const condition = ts.isIfStatement(node)
      ? node.expression
      : ts.isConditionalExpression(node)
        ? node.condition
        : undefined;
    return condition === undefined ? [] : [[condition, `!(${textOf(condition)})`]];
  },
  statement(node) {
    const drops =
      (ts.isExpressionStatement(node) && !ts.isAwaitExpression(node.expression)) ||
      (ts.isIfStatement(node) && node.elseStatement === undefined && leaves(node.thenStatement));
    return drops ? [[node, ";"]] : [];
  },
  arguments(node, textOf) {
    if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return [];
    const called = /\w+$/.exec(textOf(node.expression))?.[0] ?? "";
    return commutative.test(called) ? [] : swaps([...(node.arguments ?? [])], textOf);
  },
  table(node, textOf) {
    if (ts.isArrayLiteralExpression(node)) return swaps(node.elements.filter(isLiteral), textOf);
    if (!ts.isObjectLiteralExpression(node)) return [];
    return swaps(
      node.properties.flatMap((p) => (ts.isPropertyAssignment(p) && isLiteral(p.initializer) ? [p.initializer] : [])),
      textOf,
    );
  },
  name(node, textOf) {
    if (!ts.isIdentifier(node) || (ts.isCallExpression(node.parent) && node.parent.expression !== node)) return [];
    const called = ts.isCallExpression(node.parent) || isCalledMember(node);
    const other = called ? names[textOf(node)] : undefined;
    return other === undefined ? [] : [[node, other]];
  },
};

const isKey = (/** @type {ts.Node} */ node) => ts.isPropertyAssignment(node.parent) && node.parent.name === node;
const isLiteral = (/** @type {ts.Node} */ node) => ts.isStringLiteral(node) || ts.isNumericLiteral(node);

const isCalledMember = (/** @type {ts.Node} */ node) =>
  ts.isPropertyAccessExpression(node.parent) &&
  node.parent.name === node &&
  ts.isCallExpression(node.parent.parent) &&
  node.parent.parent.expression === node.parent;

/** Whether a statement does nothing but leave its function or loop. */
function leaves(/** @type {ts.Statement} */ statement) {
  const last = ts.isBlock(statement) && statement.statements.length === 1 ? statement.statements[0] : statement;
  return (
    last !== undefined && (ts.isReturnStatement(last) || ts.isContinueStatement(last) || ts.isBreakStatement(last))
  );
}

/**
 * Each of the nodes with the next one in its place, and the other way round.
 *
 * @param {readonly ts.Node[]} nodes
 * @param {(node: ts.Node) => string} textOf
 * @returns {readonly Change[]}
 */
function swaps(nodes, textOf) {
  return nodes.slice(1).flatMap((right, i) => {
    const left = /** @type {ts.Node} */ (nodes[i]);
    const between = left.getSourceFile().text.slice(left.end, right.getStart());
    return textOf(left) === textOf(right) ? [] : [[left, textOf(right) + between + textOf(left), right]];
  });
}

/** Every mutant of a source whose place is `eligible`, in the order of the source. */
export function mutantsOf(
  /** @type {string} */ text,
  /** @type {(offset: number) => boolean} */ eligible = () => true,
) {
  const source = ts.createSourceFile("source.ts", text, ts.ScriptTarget.ESNext, true);
  const textOf = (/** @type {ts.Node} */ node) => node.getText(source);
  /** @type {Mutant[]} */
  const found = [];
  const visit = (/** @type {ts.Node} */ node) => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return;
    for (const [kind, rule] of Object.entries(rules)) {
      for (const [first, replacement, last = first] of rule(node, textOf)) {
        const start = first.getStart(source);
        if (eligible(start)) found.push({ kind, start, end: last.end, text: replacement });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

export const mutated = (/** @type {string} */ text, /** @type {Mutant} */ mutant) =>
  text.slice(0, mutant.start) + mutant.text + text.slice(mutant.end);
