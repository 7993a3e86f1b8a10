import {
  ABI,
  type Backend,
  type BackendFactory,
  type Buffer,
  type Capabilities,
  type CompileOptions,
  checkModule,
  checkRange,
  compileOptionNames,
  type DTypeUsage,
  type Executable,
  registerBackend,
  type Stats,
} from "@tenon/backend";
import {
  BackendError,
  checkOptions,
  type DType,
  dtypeNames,
  IR_VERSION,
  isVerified,
  MAX_ELEMENTS,
  MAX_RANK,
  opsetVersion,
  standardOpsets,
  type VerifiedModule,
} from "@tenon/ir";
import { InterpretedEntry } from "./executable.ts";
import { type HostBuffers, hostBuffers, MAX_BUFFER_BYTES } from "./memory.ts";

export interface InterpreterOptions {
  readonly debug?: {
    /** Overwrites fresh and released memory, so that a use of it shows. */
    readonly poison?: boolean;
  };
}

const usages: readonly DTypeUsage[] = ["store", "convert", "arith", "dot"];
/** Float64 holds no 64-bit integer exactly. */
const unsupported: readonly DType[] = ["int64", "uint64"];

const caps: Capabilities = {
  abi: ABI,
  ir: [[1, 0], IR_VERSION],
  opsets: Object.fromEntries(standardOpsets.map((name) => [name, opsetVersion(name)!])),
  dtypes: Object.fromEntries(dtypeNames.filter((d) => !unsupported.includes(d)).map((d) => [d, usages])),
  level: "ieee",
  limits: { rank: MAX_RANK, elements: MAX_ELEMENTS, maxBufferBytes: MAX_BUFFER_BYTES },
  memory: { plan: "range", align: 8 },
  features: ["sync-read", "unbounded-while"],
  device: { vendor: "tenon", name: "interpreter", fingerprint: "float64" },
};

/** The reference executor as a backend: floats in float64 within a run, every value rounded to its dtype when it is stored. */
class Interpreter implements Backend {
  readonly caps = caps;
  private readonly memory: HostBuffers;
  private readonly executables = new Set<InterpretedEntry>();
  private deferred: { readonly error: unknown } | undefined;

  constructor({ debug }: InterpreterOptions) {
    this.memory = hostBuffers(debug?.poison === true);
  }

  async compile(module: VerifiedModule, entry: string, options: CompileOptions = {}): Promise<Executable> {
    this.memory.checkOpen("compile");
    checkOptions("compile", options, compileOptionNames);
    if (!isVerified(module))
      throw new BackendError("E507", "compile", "the module is not verified", {
        fix: "pass what verify(module) returns",
      });
    checkModule(caps, module, entry);
    const executable = new InterpretedEntry(module, entry, options, {
      memory: this.memory,
      failed: (error) => {
        this.deferred ??= { error };
      },
      disposed: () => this.executables.delete(executable),
    });
    this.executables.add(executable);
    return executable;
  }

  alloc(bytes: number): Buffer {
    return this.memory.alloc(bytes);
  }

  allocGroup(bytes: readonly number[], _role: string): readonly Buffer[] {
    return bytes.map((n) => this.memory.alloc(n));
  }

  copy(from: Buffer, to: Buffer): void {
    const [source, target] = [this.memory.own("copy", from), this.memory.own("copy", to)];
    if (source.bytes !== target.bytes) {
      throw new BackendError("E531", "copy", `the buffers have ${source.bytes} and ${target.bytes} bytes`);
    }
    target.memory.set(source.memory);
    target.failure = source.failure;
  }

  write(to: Buffer, data: Uint8Array, at = 0): void {
    const own = this.memory.own("write", to);
    checkRange("write", own, at, data.byteLength);
    own.memory.set(data, at);
    if (data.byteLength === own.bytes) own.failure = undefined;
  }

  async read(from: Buffer, at = 0, bytes = from.bytes - at): Promise<Uint8Array> {
    return this.readSync(from, at, bytes);
  }

  readSync(from: Buffer, at = 0, bytes = from.bytes - at): Uint8Array {
    return this.memory.readable("read", from, at, bytes).memory.slice(at, at + bytes);
  }

  async sync(): Promise<void> {
    const { deferred } = this;
    this.deferred = undefined;
    if (deferred !== undefined) throw deferred.error;
  }

  stats(): Stats {
    const cachedPrograms = [...this.executables].reduce((n, executable) => n + executable.cachedPrograms, 0);
    return { liveBuffers: this.memory.liveBuffers, liveBytes: this.memory.liveBytes, cachedPrograms };
  }

  async close(): Promise<void> {
    this.memory.close();
    for (const executable of this.executables) executable.dispose();
  }
}

/** The interpreter with options, wherever the name of a backend may stand. */
export function interpreter(options: InterpreterOptions = {}): BackendFactory {
  return {
    id: "interpreter",
    abi: ABI,
    async create(given: unknown = options) {
      checkOptions("interpreter", given as object, ["debug"]);
      checkOptions("interpreter", (given as InterpreterOptions).debug ?? {}, ["poison"]);
      return new Interpreter(given as InterpreterOptions);
    },
  };
}

registerBackend(interpreter());
