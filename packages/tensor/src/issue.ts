import { type Backend, bindDims, type CompileOptions, type Executable } from "@tenon/backend";
import { type Dim, dimValue, type Tensor } from "@tenon/ir";
import { Arguments } from "./arguments.ts";
import type { Device } from "./device.ts";
import { countResult } from "./memory.ts";
import type { Program } from "./program.ts";
import { realize, settle } from "./realize.ts";
import { dataTensor, Storage, storageOf } from "./storage.ts";

/** Issues one run. Returns the leaves of the result, whose values follow when `done` resolves. */
export function issue(
  program: Program,
  args: readonly Tensor[],
  device: Device,
  options: CompileOptions,
): { readonly results: readonly Tensor[]; readonly done: Promise<void> } {
  const { signature, variables, outputs, captured, structure } = program;
  const given = [...args, ...captured];
  const shapes = [...args, ...variables, ...captured].map((x) => x.shape as readonly number[]);
  const bindings = bindDims(signature, shapes);
  realize(given, device);
  const state = variables.map((v, i) => v.settle(device, outputs[i] !== undefined)); // may move an argument to a copy
  const constants = captured.map((x) => storageOf(x)!);
  const held = new Arguments(device, [...args.map((x) => storageOf(x)!), ...state, ...constants]);
  const overwritten = state.filter((_, i) => outputs[i] !== undefined);
  const homes = overwritten.map((storage) => storage.device);
  for (const storage of overwritten) {
    storage.hostStale = true;
    storage.version++;
    storage.device = device;
  }
  const results = Array.from({ length: structure.leafCount }, (_, i) => {
    const { dtype, shape } = signature.results[i]!.type;
    return new Storage({ dtype, shape: shape.map((d: Dim) => dimValue(d, bindings)) }, device);
  });
  const tensors = results.map((storage) => dataTensor(storage.retain()));
  const executable = executableOn(program, device, options);
  let started = false;
  const done = device.enqueue(async (backend) => {
    const runnable = await executable;
    const buffers = await held.buffers(backend);
    if (constants.length > 0 && backend.caps.features.includes("may-lose-device")) keepOnHost(constants, backend);
    started = true;
    for (const storage of overwritten) storage.dropHost();
    const computed = runnable.run(buffers, { dims: Object.fromEntries(bindings) });
    for (const [i, storage] of results.entries()) storage.keepBuffer(device, computed[i]!);
  });
  for (const storage of results) countResult(storage.byteLength);
  settle(done, held, results, () => {
    if (started) return;
    overwritten.forEach((storage, i) => {
      storage.hostStale = false; // nothing was written, so the Variables are what they were
      if (storage.buffer === undefined) storage.device = homes[i];
    });
  });
  return { results: tensors, done };
}

/** Reads tensors that a function has captured, once, so that they outlive the device: nobody else could give them back. */
function keepOnHost(captured: readonly Storage[], backend: Backend): void {
  for (const storage of captured) {
    const { buffer, version } = storage;
    if (storage.host !== undefined || storage.owned || buffer === undefined) continue;
    backend.read(buffer).then(
      (bytes) => {
        if (storage.references > 0 && storage.version === version) storage.keepHost(bytes);
      },
      () => {}, // the run meets the same error
    );
  }
}

/** A function that nobody can call any more gives its executables back. */
const abandoned = new FinalizationRegistry<Program["executables"]>(disposeAll);

/** Gives the executables of a program back, each after the runs that were issued before. */
export const discard = ({ executables }: Program): void => disposeAll(executables);

function disposeAll(executables: Program["executables"]): void {
  for (const [device, executable] of executables) device.drop(executable);
  executables.clear();
}

function executableOn(program: Program, device: Device, options: CompileOptions): Promise<Executable> {
  let executable = program.executables.get(device);
  if (executable === undefined) {
    const { entry } = program.signature;
    executable = device.compile(program.module, entry, options);
    executable.catch(() => program.executables.delete(device)); // the run that waits for it fails with the same error
    if (program.executables.size === 0) abandoned.register(program, program.executables);
    program.executables.set(device, executable);
  }
  return executable;
}
