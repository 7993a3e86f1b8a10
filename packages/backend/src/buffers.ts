import { BackendError, type ConcreteType, dtypes } from "@tenon/ir";
import { type Bindings, concreteType } from "./bind.ts";
import type { Buffer, EntrySignature } from "./contract.ts";

/** The number of bytes that the values of a type take. */
export const byteLengthOf = ({ dtype, shape }: ConcreteType): number =>
  shape.reduce((n, size) => n * size, dtypes[dtype].byteLength);

const donors = new WeakMap<EntrySignature, readonly (number | undefined)[]>();

/** By result: the input whose buffer it is written into. */
export function donorsOf(signature: EntrySignature): readonly (number | undefined)[] {
  let found = donors.get(signature);
  if (found === undefined) {
    const inputs = new Map(signature.inputs.map(({ alias }, i) => [alias, i]));
    donors.set(signature, (found = signature.results.map((_, i) => inputs.get(i))));
  }
  return found;
}

/**
 * Throws unless the buffers fit the signature: their number, owner and size; and no buffer that the run writes stands
 * in a second place.
 */
export function checkBuffers(
  backend: string,
  signature: EntrySignature,
  bindings: Bindings,
  args: readonly Buffer[],
  results: readonly (Buffer | undefined)[] = [],
): void {
  const { entry, inputs } = signature;
  if (args.length !== inputs.length) {
    throw new BackendError("E531", entry, `${args.length} buffers given, ${inputs.length} wanted`, {
      operands: Object.fromEntries(inputs.map(({ name, type }) => [name, type])),
    });
  }
  inputs.forEach(({ name, type }, i) => {
    checkBuffer(backend, entry, name, args[i]!, concreteType(type, bindings));
  });
  if (results.length > signature.results.length) {
    throw new BackendError("E531", entry, `${results.length} result buffers given, ${signature.results.length} wanted`);
  }
  const written = new Map<Buffer, string>();
  inputs.forEach(({ name, alias }, i) => {
    if (alias !== undefined) claim(entry, written, args[i]!, name);
  });
  const from = donorsOf(signature);
  signature.results.forEach(({ name, type }, i) => {
    const given = results[i];
    const donor = from[i];
    if (given === undefined || (donor !== undefined && given === args[donor])) return;
    if (donor !== undefined) {
      throw new BackendError(
        "E533",
        entry,
        `${name} is written into the buffer of ${inputs[donor]!.name}, not into another`,
        {
          fix: "leave its place in results undefined",
        },
      );
    }
    checkBuffer(backend, entry, name, given, concreteType(type, bindings));
    claim(entry, written, given, name);
  });
  args.forEach((buffer, i) => {
    const writer = written.get(buffer);
    if (writer === undefined || writer === inputs[i]!.name) return;
    throw new BackendError(
      "E533",
      entry,
      `the buffer of ${writer} is written by the run, and is also that of ${inputs[i]!.name}`,
      {
        fix: "copy it first",
      },
    );
  });
}

function claim(entry: string, written: Map<Buffer, string>, buffer: Buffer, name: string): void {
  const before = written.get(buffer);
  if (before !== undefined) {
    throw new BackendError(
      "E533",
      entry,
      `the buffer of ${before} is written by the run, and is also that of ${name}`,
      {
        fix: "copy it first",
      },
    );
  }
  written.set(buffer, name);
}

function checkBuffer(backend: string, entry: string, name: string, buffer: Buffer, type: ConcreteType): void {
  if (buffer.backend !== backend) {
    throw new BackendError("E532", entry, `${name} is a buffer of ${buffer.backend}, not of ${backend}`, {
      fix: `read it there and write it into a buffer of ${backend}`,
    });
  }
  const bytes = byteLengthOf(type);
  if (buffer.bytes !== bytes) {
    throw new BackendError("E531", entry, `the buffer of ${name} has ${buffer.bytes} bytes, not ${bytes}`, {
      operands: { [name]: type },
    });
  }
}
