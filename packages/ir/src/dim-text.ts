import { type Dim, dimAdd, dimFloorDiv, dimMax, dimMin, dimMod, dimMul, dimSub, dimSymbol } from "./dim.ts";
import { FormatError } from "./errors.ts";

const MAX_LENGTH = 4096;
const MAX_DEPTH = 64;
const functions = { floordiv: dimFloorDiv, mod: dimMod, max: dimMax, min: dimMin };

/**
 * Reads a size: `784`, `B`, `2*B+1`, `floordiv(B,2)`, `(B+1)*3`.
 *
 * @param symbol Gives the size that a name stands for; by default a new symbol with the widest range.
 */
export function parseDim(text: string, symbol: (name: string) => Dim = dimSymbol): Dim {
  if (text.length > MAX_LENGTH) throw problem("the expression is too long", text, 0);
  const tokens = [...text.matchAll(/\s*([A-Za-z_]\w*|\d+|[-+*(),])/gy)];
  const used = tokens.reduce((n, t) => n + t[0].length, 0);
  if (text.slice(used).trim() !== "")
    throw problem(`unexpected ${JSON.stringify(text.slice(used, used + 1))}`, text, used);
  let i = 0;
  let depth = 0;
  const peek = (): string | undefined => tokens[i]?.[1];
  const expect = (token: string): void => {
    if (peek() !== token) throw problem(`expected ${token}`, text, tokens[i]?.index ?? text.length);
    i++;
  };

  function sum(): Dim {
    if (++depth > MAX_DEPTH) throw problem("the expression is nested too deeply", text, 0);
    let value = peek() === "-" ? (i++, dimMul(-1, product())) : product();
    for (let sign = peek(); sign === "+" || sign === "-"; sign = peek()) {
      i++;
      value = (sign === "+" ? dimAdd : dimSub)(value, product());
    }
    depth--;
    return value;
  }

  function product(): Dim {
    let value = atom();
    while (peek() === "*") {
      i++;
      value = dimMul(value, atom());
    }
    return value;
  }

  function atom(): Dim {
    const token = peek();
    const at = tokens[i]?.index ?? text.length;
    i++;
    if (token === undefined) throw problem("the expression ends too early", text, at);
    if (/^\d/.test(token)) return number(token, at);
    if (token === "-") return dimMul(-1, atom());
    if (token === "(") {
      const value = sum();
      expect(")");
      return value;
    }
    if (Object.hasOwn(functions, token)) {
      expect("(");
      const a = sum();
      expect(",");
      const b = sum();
      expect(")");
      return functions[token as keyof typeof functions](a, b);
    }
    if (/^[A-Za-z_]/.test(token)) return symbol(token);
    throw problem(`unexpected ${JSON.stringify(token)}`, text, at);
  }

  function number(token: string, at: number): number {
    const value = Number(token);
    if (!Number.isSafeInteger(value)) throw problem(`${token} is no exact integer`, text, at);
    return value;
  }

  const value = sum();
  if (i < tokens.length) throw problem(`unexpected ${JSON.stringify(peek())}`, text, tokens[i]!.index);
  return value;
}

const problem = (what: string, text: string, at: number): FormatError =>
  new FormatError("E102", "dim", `${what} in ${JSON.stringify(text.slice(0, 200))}`, { at: `character ${at}` });
