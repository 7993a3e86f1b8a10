import { Tensor, tensor } from "@tenon/tensor";
import type { OneOrMore } from "./roles.ts";

/** Results of batches one after the other on the host: in one tensor, or one for each output. */
export async function joined(parts: readonly OneOrMore<Tensor>[]): Promise<OneOrMore<Tensor>> {
  const [first] = parts;
  if (first instanceof Tensor) return inOne(parts as readonly Tensor[]);
  const names = Object.keys(first!);
  const all = await Promise.all(
    names.map((name) => inOne(parts.map((part) => (part as Readonly<Record<string, Tensor>>)[name]!))),
  );
  return Array.isArray(first) ? all : Object.fromEntries(names.map((name, i) => [name, all[i]!]));
}

async function inOne(parts: readonly Tensor[]): Promise<Tensor> {
  const { dtype, shape } = parts[0]!;
  const rows = parts.reduce((n, part) => n + (part.shape[0] as number), 0);
  const values = await Promise.all(parts.map((part) => part.data()));
  const first = values[0]!;
  const all = new (first.constructor as Float32ArrayConstructor)(values.reduce((n, { length }) => n + length, 0));
  let at = 0;
  for (const part of values) {
    all.set(part, at);
    at += part.length;
  }
  return tensor(all, { shape: [rows, ...(shape.slice(1) as number[])], dtype });
}
