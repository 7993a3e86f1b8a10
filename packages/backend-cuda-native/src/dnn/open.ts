import { debugs } from "@tenon/backend";
import { firstLine, isFailure, type NativeDevice } from "../native.ts";
import { type AttentionOptions, Attentions } from "./attention.ts";

/** The attentions of a device by cuDNN; undefined where it is not installed, or has none for the device: then kernels of our own serve. */
export function openAttentions(device: NativeDevice, options: AttentionOptions): Attentions | undefined {
  let why: string | undefined;
  try {
    const opened = new Attentions(device, options);
    why = opened.problem;
    if (why === undefined) return opened;
  } catch (error) {
    if (!isFailure(error) && !(error instanceof Error && "tried" in error)) throw error;
    why = firstLine(error);
  }
  if (debugs("kernels")) console.error(`attention: kernels of our own, since ${why}`);
  return undefined;
}
