import { StateError } from "@tenon/tensor";

/** What a trainer needs of a file system. */
export interface Files {
  read(path: string): Promise<Uint8Array>;
  /** At every instant the path holds the old bytes or the new ones, whole. */
  write(path: string, bytes: Uint8Array): Promise<void>;
}

let files: Files | undefined;

/** Set by the entry for Node. */
export function installFiles(installed: Files): void {
  files = installed;
}

/** The file system; a typed error where there is none. */
export function fileSystem(op: string): Files {
  if (files !== undefined) return files;
  throw new StateError("E824", op, "there are no files here to find by a path", {
    fix: op === "load" ? "pass the bytes of the file" : "call save() without a path, and keep the bytes that it gives",
  });
}
