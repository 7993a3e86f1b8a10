import { type LiveBuffer, LiveBuffers } from "@tenon/backend";

/** Largest buffer, in bytes; what every JavaScript engine can allocate at once. */
export const MAX_BUFFER_BYTES = 2 ** 31 - 1;
/** What poisoned bytes hold: NaN in every float, and no likely number in an integer. */
const POISON = 0xff;

/** Elements of a tensor as bytes of its dtype. */
export type HostBuffer = LiveBuffer<Uint8Array>;
export type HostBuffers = LiveBuffers<Uint8Array>;

/** @param poison Fresh and released bytes are overwritten, so that whoever reads them is found out. */
export const hostBuffers = (poison: boolean): HostBuffers =>
  new LiveBuffers("interpreter", {
    maxBufferBytes: MAX_BUFFER_BYTES,
    alloc(bytes) {
      const data = new Uint8Array(bytes);
      return poison ? data.fill(POISON) : data;
    },
    free(data) {
      if (poison) data.fill(POISON);
    },
  });
