import { existsSync } from "node:fs";
import { join } from "node:path";
import { candidatesOf } from "./libraries.ts";

/** Where headers lie beside the libraries that are installed. */
const folders = (["products", "attention"] as const).flatMap((kind) =>
  candidatesOf(kind, { ...process.env, TENON_CUDA_LIBS: "" })
    .filter((path) => path.includes("/"))
    .map((path) => join(path, "../../include")),
);

/** Whether a header of NVIDIA's libraries is installed. */
export const hasHeader = (name: string): boolean => folders.some((folder) => existsSync(join(folder, name)));

/** What a compiler must be told so that it finds them. */
export const headerFlags: readonly string[] = folders.flatMap((folder) => ["-I", folder]);
