import { elementaryOps, type For, type Index, type Predicate, type Statement, type Value } from "@tenon/lowering";
import { rare } from "../parts.ts";
import { LANES } from "./arithmetic.ts";
import { blockStride, evenStride } from "./stride.ts";
import { mentions, type Variation, variationOf, walk } from "./variation.ts";

/** How a loop is rendered with lanes. */
export interface LaneChoice {
  readonly variation: Variation;
  /** How many vectors are computed side by side. */
  readonly copies: number;
  /** Whether the body is so long that what is left over is rendered once, with lanes that do not count, and not twice. */
  readonly long: boolean;
}

/** Roughly how often a loop inside runs, for each time that the one around it does. */
const INNER = 8;

/** What an access is worth, in vectors that it saves, by how it moves: side by side, evenly, otherwise. */
const [TOGETHER, EVEN, APART] = [1, -0.5, -2];

/**
 * For each loop whether lanes run along it: the innermost, unless one around it has more accesses whose elements lie side by
 * side. None of the loops inside a chosen one is chosen.
 */
export function chooseLanes(statements: readonly Statement[]): ReadonlyMap<For, LaneChoice> {
  const chosen = new Map<For, LaneChoice>();
  choose(statements, chosen);
  return chosen;
}

/** Gives what the choices among these statements are worth. */
function choose(statements: readonly Statement[], chosen: Map<For, LaneChoice>): number {
  let total = 0;
  for (const s of statements) {
    if (s.kind === "if") total += choose(s.body, chosen);
    if (s.kind !== "for") continue;
    const inside = new Map<For, LaneChoice>();
    const within = INNER * choose(s.body, inside);
    const variation = variationFor(s);
    const own = variation === undefined ? -Infinity : worthOf(s, variation);
    if (variation !== undefined && own >= 0 && own >= within) {
      chosen.set(s, { variation, ...copiesFor(s) });
      total += own;
    } else {
      for (const [loop, choice] of inside) chosen.set(loop, choice);
      total += within;
    }
  }
  return total;
}

/** What differs between lanes along a loop; undefined where they cannot be computed together. */
function variationFor(loop: For): Variation | undefined {
  const { variable, size, body, role } = loop;
  if (size.kind === "constant" && size.value < LANES) return undefined;
  const variation = variationOf(body, variable);
  if (variation.apart) return undefined;
  if (gatheredIn(body).some((register) => register.type === "float64")) return undefined;
  return role === "serial" && !rare.now.keepsOrder(loop, variation) ? undefined : variation;
}

/** Registers that statements update and do not declare. */
export function gatheredIn(statements: readonly Statement[]) {
  const updated = new Set<(Statement & { kind: "update" })["register"]>();
  const declared = new Set<object>();
  walk(statements, (s) => {
    if (s.kind === "update") updated.add(s.register);
    else if (s.kind === "declare") declared.add(s.register);
  });
  return [...updated].filter((register) => !declared.has(register));
}

/** What lanes along a loop are worth: what its accesses are, more for those in loops inside. */
function worthOf({ body, variable }: For, { variables }: Variation): number {
  let worth = 0;
  const count = (address: Index, mask: Predicate, depth: number): void => {
    if (!mentions(address, variables)) return;
    const stride = evenStride(address, variable, variables) ?? blockStride(address, variable, variables);
    const way = stride === 1 ? TOGETHER : stride === undefined ? APART : EVEN;
    worth += way * INNER ** depth;
    if (mask.kind !== "always" && mentions(mask, variables)) worth -= 0.5 * INNER ** depth;
  };
  walk(body, (s, depth) => {
    if (s.kind === "store") count(s.address, s.mask, depth);
    else if (s.kind === "let" && s.value.kind === "load") count(s.value.address, s.value.mask, depth);
    else if (s.kind === "let") worth += (0.1 * weightOf(s.value) * INNER ** depth) / LANES;
  });
  return worth;
}

/** Roughly how many instructions a value takes. */
function weightOf(value: Value): number {
  if (value.kind !== "alu") return value.kind === "load" ? 1 : 2;
  if (value.op === "pow" || elementaryOps.includes(value.op as (typeof elementaryOps)[number])) return 30;
  return value.op === "div" || value.op === "sqrt" ? 4 : 1;
}

/**
 * As many vectors side by side as hide latencies, and as registers hold; more where loops are inside, whose counting they
 * share, and which go over all there is again for those that are not among them. There are two at least: V8 can make
 * single instructions of 256 bits of pairs.
 */
function copiesFor({ body, size }: For): Omit<LaneChoice, "variation"> {
  let weight = 0;
  walk(body, (s) => {
    if (s.kind === "let") weight += weightOf(s.value);
    else if (s.kind === "update") weight++;
  });
  const long = weight > 24;
  let copies = body.some((s) => s.kind === "for") ? (long ? 4 : 8) : weight <= 8 ? 4 : 2;
  while (copies > 1 && size.kind === "constant" && size.value < LANES * copies) copies /= 2;
  return { copies, long };
}
