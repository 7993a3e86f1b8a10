import * as binary from "./binary.ts";

/**
 * The exports of `@tenon/ir/binary` under names of the index, which do not lead there until one is used. A bundler shares
 * a file between chunks where both import it, however little of it; were these plain re-exports, a program that imports
 * `@tenon/ir/binary` when it saves a file, and no sooner, would load it from the start.
 */
export const moduleFromBinary: typeof binary.moduleFromBinary = binary.moduleFromBinary;
export const moduleToBinary: typeof binary.moduleToBinary = binary.moduleToBinary;
export const readContainer: typeof binary.readContainer = binary.readContainer;
export const writeContainer: typeof binary.writeContainer = binary.writeContainer;
export const sha256: typeof binary.sha256 = binary.sha256;
export const sha256Hex: typeof binary.sha256Hex = binary.sha256Hex;
