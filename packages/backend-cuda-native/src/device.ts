import { BackendError, checkOptions, OptionError } from "@tenon/ir";
import { architectureFor } from "./architecture.ts";
import { candidatesOf, type LibraryKind } from "./libraries.ts";
import {
  firstLine,
  isFailure,
  loadNative,
  type NativeCompiler,
  type NativeDevice,
  type NativeDriver,
} from "./native.ts";

export interface DeviceOptions {
  /** The number of the GPU, from 0. */
  readonly device?: number;
}

export interface OpenedDevice {
  readonly device: NativeDevice;
  readonly driver: NativeDriver;
  readonly compiler: NativeCompiler;
  readonly ordinal: number;
}

/** The error of a library that could not be opened. */
function missing(code: "E572" | "E574", kind: LibraryKind, error: unknown, fix: string): BackendError {
  const what = kind === "driver" ? "the NVIDIA driver" : "NVRTC, the compiler of kernels,";
  const { tried = [] } = error as { readonly tried?: readonly string[] };
  return new BackendError(code, "cuda-native", `${what} was not found`, {
    operands: Object.fromEntries(tried.map((text, i) => [`tried ${i + 1}`, text])),
    fix,
    cause: error,
  });
}

/** The driver. Errors: E571 where there is no addon, E572 no driver. */
export function openDriver(): NativeDriver {
  const { Driver } = loadNative();
  try {
    return new Driver(candidatesOf("driver"));
  } catch (error) {
    if (isFailure(error)) throw noDevice(firstLine(error), error);
    const fix = "install NVIDIA's driver, or name the folder of libcuda.so.1 in TENON_CUDA_LIBS";
    throw missing("E572", "driver", error, fix);
  }
}

const noDevice = (problem: string, cause?: unknown): BackendError =>
  new BackendError("E573", "cuda-native", `no GPU answers: ${problem}`, {
    fix: "see nvidia-smi; CUDA_VISIBLE_DEVICES may hide devices",
    ...(cause !== undefined && { cause }),
  });

/** NVRTC for a driver. Error: E574 where it is missing. */
function openCompiler({ version }: NativeDriver): NativeCompiler {
  const { Compiler } = loadNative();
  try {
    return new Compiler(candidatesOf("compiler", process.env, version));
  } catch (error) {
    const fix =
      "install it, for example by pip install nvidia-cuda-nvrtc, or name the folder of libnvrtc.so in TENON_CUDA_LIBS";
    throw missing("E574", "compiler", error, fix);
  }
}

/** What was given as a number, for people; JSON has no NaN. */
const told = (given: unknown): string => (typeof given === "number" ? String(given) : JSON.stringify(given));

/** A GPU and what is needed to compute on it. Errors: E571 to E574, each for what is missing; E575 where NVRTC does not know the GPU. */
export function openDevice(options: DeviceOptions = {}): OpenedDevice {
  checkOptions("cudaNative", options, ["device"]);
  const { device: ordinal = 0 } = options;
  if (!Number.isInteger(ordinal) || ordinal < 0)
    throw new OptionError("E803", "cudaNative", `device is ${told(ordinal)}, which is no number of a GPU`, {
      fix: "give a whole number from 0",
    });
  const driver = openDriver();
  let count: number;
  try {
    count = driver.count();
  } catch (error) {
    throw noDevice(firstLine(error), error);
  }
  if (count === 0) throw noDevice("the driver knows none");
  if (ordinal >= count)
    throw new BackendError("E573", "cuda-native", `there is no GPU ${ordinal}, of ${count}`, {
      fix: `use a device from 0 to ${count - 1}`,
    });
  const compiler = openCompiler(driver);
  let device: NativeDevice;
  try {
    device = driver.open(ordinal);
  } catch (error) {
    throw isFailure(error) ? noDevice(firstLine(error), error) : error; // others may have it, or all of its memory
  }
  if (architectureFor(device.facts, compiler.architectures) === undefined) {
    const { name, major, minor } = device.facts;
    device.close();
    const problem = `NVRTC ${compiler.version} makes no code for compute capability ${major}.${minor}, which ${name} has`;
    throw new BackendError("E575", "cuda-native", problem, {
      operands: {
        compiler: compiler.path,
        "it makes code for": compiler.architectures.map((n) => (n / 10).toFixed(1)).join(", "),
      },
      fix: "install NVRTC of another CUDA: a later one for a new GPU, an earlier one for an old GPU",
    });
  }
  return { device, driver, compiler, ordinal };
}

/** Why no GPU would serve, in a few words; null where one does. */
export function whyNoDevice(options: DeviceOptions = {}): string | null {
  try {
    openDevice(options).device.close();
    return null;
  } catch (error) {
    if (error instanceof BackendError) return error.problem;
    throw error;
  }
}
