import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { SafetensorsError } from "./errors.ts";
import { LENGTH_BYTES, readHeader, readHeaderLength } from "./header.ts";
import { defaultLimits, type SafetensorsLimits } from "./limits.ts";
import { type Safetensors, type SafetensorsTensor, viewTensors } from "./parse.ts";
import { serializeSafetensors } from "./serialize.ts";

/**
 * Writes a file so that at every instant `path` holds the old bytes or the new ones, whole, through a kill or a power loss.
 *
 * The bytes go to a new file in the same folder, are flushed, and the file is renamed over `path`; then the folder is
 * flushed, where the platform can do that. After a failure (E722) `path` is as it was and the new file is gone. A
 * symbolic link at `path` is replaced, not followed.
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {}); // the first failure is the one to report
    throw storageError(
      "E722",
      "cannot write",
      path,
      cause,
      "free space or choose another folder; the old file is untouched",
    );
  }
  await syncFolder(dirname(path));
}

/**
 * Reads a safetensors file: `parseSafetensors` with the header checked before memory for the data is taken.
 *
 * The data start at an address that 8 divides, whatever the length of the header.
 */
export async function readSafetensorsFile(path: string, limits: Partial<SafetensorsLimits> = {}): Promise<Safetensors> {
  const allLimits = { ...defaultLimits, ...limits };
  try {
    const file = await open(path, "r");
    try {
      const { size } = await file.stat();
      const lengthBytes = await readRange(file, 0, Math.min(size, LENGTH_BYTES));
      const headerBytes = readHeaderLength(lengthBytes, size, allLimits);
      const dataStart = LENGTH_BYTES + headerBytes;
      const header = readHeader(await readRange(file, LENGTH_BYTES, headerBytes), size - dataStart, allLimits);
      return viewTensors(header, await readRange(file, dataStart, size - dataStart));
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof SafetensorsError) throw cause;
    throw storageError("E721", "cannot read", path, cause, "check that the file exists and may be read");
  }
}

/** Writes `serializeSafetensors(entries, metadata)` by `writeFileAtomic`. */
export async function writeSafetensorsFile(
  path: string,
  entries: Iterable<readonly [name: string, tensor: SafetensorsTensor]>,
  metadata: Iterable<readonly [key: string, text: string]> = [],
): Promise<void> {
  await writeFileAtomic(path, serializeSafetensors(entries, metadata));
}

const READ_BYTES = 2 ** 30; // one read call returns at most 2 GiB on Linux

async function readRange(file: FileHandle, start: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let filled = 0; filled < length; ) {
    const wanted = Math.min(length - filled, READ_BYTES);
    const { bytesRead } = await file.read(bytes, filled, wanted, start + filled);
    if (bytesRead === 0) throw new Error(`the file ended at byte ${start + filled} while it was read`);
    filled += bytesRead;
  }
  return bytes;
}

/** Makes a rename in the folder last through a power loss. Windows cannot open a folder, and some file systems cannot flush one. */
async function syncFolder(path: string): Promise<void> {
  let folder: FileHandle | undefined;
  try {
    folder = await open(path, "r");
    await folder.sync();
  } catch (cause) {
    if (!CANNOT_FLUSH_FOLDER.has((cause as NodeJS.ErrnoException).code ?? "")) {
      throw storageError("E722", "cannot flush", path, cause, "write the file again, in another folder");
    }
  } finally {
    await folder?.close();
  }
}

const CANNOT_FLUSH_FOLDER: ReadonlySet<string> = new Set(["EACCES", "EINVAL", "EISDIR", "ENOTSUP", "EPERM"]);

function storageError(code: string, what: string, path: string, cause: unknown, fix: string): SafetensorsError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SafetensorsError("StorageError", code, `${what} the file: ${reason.replace(/\.$/, "")}`, {
    path,
    fix,
    cause,
  });
}
