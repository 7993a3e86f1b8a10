import { readFile } from "node:fs/promises";
import { writeFileAtomic } from "@tenon/safetensors/node";
import { installFiles } from "./files.ts";

export * from "./index.ts";

installFiles({ read: (path) => readFile(path), write: writeFileAtomic });
