import { FormatError } from "./errors.ts";
import { forbiddenNames } from "./written.ts";

/**
 * The value of a JSON text in which no object has a key twice, no key reaches a prototype and nothing is nested more
 * than `depth` deep; all of that is checked before anything is built.
 */
export function parseStrictJson(text: string, depth: number): unknown {
  checkTokens(text, depth);
  try {
    return JSON.parse(text);
  } catch (error) {
    // engines word it differently, so that the message is not repeated
    throw new FormatError("E120", "json", "the text is no JSON", { at: positionOf(error), cause: error });
  }
}

/** The position that V8's and SpiderMonkey's messages name. */
function positionOf(error: unknown): string | undefined {
  const found = /position (\d+)|line (\d+) column (\d+)/.exec(String(error));
  if (found === null) return undefined;
  return found[1] === undefined ? `line ${found[2]}, column ${found[3]}` : `character ${found[1]}`;
}

function checkTokens(text: string, depth: number): void {
  /** Per open bracket: the keys of an object, or null for a list. */
  const open: (Set<string> | null)[] = [];
  let isKey = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === QUOTE) {
      const end = endOfString(text, i);
      const keys = open.at(-1);
      if (isKey && keys) checkKey(text.slice(i, end + 1), keys, i);
      isKey = false;
      i = end;
    } else if (c === OPEN_OBJECT || c === OPEN_LIST) {
      open.push(c === OPEN_OBJECT ? new Set() : null);
      isKey = c === OPEN_OBJECT;
      if (open.length > depth) throw problem("E123", `brackets are nested more than ${depth} deep`, i);
    } else if (c === CLOSE_OBJECT || c === CLOSE_LIST) open.pop();
    else if (c === COMMA) isKey = open.at(-1) instanceof Set;
  }
}

const [QUOTE, BACKSLASH, OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST, COMMA] = [34, 92, 123, 125, 91, 93, 44];

function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === BACKSLASH) i++;
    else if (c === QUOTE) return i;
  }
  throw problem("E120", "a string is not closed", start);
}

function checkKey(quoted: string, keys: Set<string>, at: number): void {
  let key: string;
  try {
    key = JSON.parse(quoted) as string;
  } catch {
    throw problem("E120", "a key is no string", at);
  }
  if (forbiddenNames.has(key)) throw problem("E122", `no key may be ${key}`, at);
  if (keys.has(key))
    throw problem("E121", `the key ${JSON.stringify(key.slice(0, 80))} stands twice in one object`, at);
  keys.add(key);
}

const problem = (code: string, what: string, at: number): FormatError =>
  new FormatError(code, "json", what, { at: `character ${at}` });
