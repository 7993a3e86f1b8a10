import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { sha256Of } from "./fetch-file.ts";
import { messageOf } from "./packed.ts";
import type { PublishedFile } from "./published.ts";

/** Where fetched files are kept: `TENON_CACHE`, or a folder where the platform wants such files. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
  if (env.TENON_CACHE) return env.TENON_CACHE;
  if (platform === "win32") return join(env.LOCALAPPDATA || join(homedir(), "AppData", "Local"), "tenon", "Cache");
  if (platform === "darwin") return join(homedir(), "Library", "Caches", "tenon");
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "tenon");
}

/** The bytes of a file that was kept, if it is there and whole. */
export async function readKept(path: string, { byteLength, sha256 }: PublishedFile): Promise<Uint8Array | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  if (bytes?.length !== byteLength || (await sha256Of(bytes)) !== sha256) return undefined;
  return bytes;
}

/** Writes a file as a whole or not at all, so that another process never reads a part. A failure is a warning. */
export async function keepFile(path: string, bytes: Uint8Array): Promise<void> {
  const part = `${path}.${randomUUID()}.part`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(part, bytes);
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    process.emitWarning(`cannot keep ${path}: ${messageOf(error)}`, "TenonWarning");
  }
}
