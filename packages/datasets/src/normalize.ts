import type { Column } from "./column.ts";
import { outside } from "./range.ts";

const levels = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);

/** Bytes as float32 from 0 to 1, `byte / 255`. The bytes are shared, and looked up when values are read. Shape is kept. */
export function normalize(bytes: Column): Column {
  if (bytes.dtype === "uint8") return bytes.withLevels(levels);
  throw outside("normalize", `the column is ${bytes}, not uint8`, "for other numbers use fitStandardizer(train)");
}
