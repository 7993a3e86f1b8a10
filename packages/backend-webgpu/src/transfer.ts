import { constantIndex, type IndexVariable, indexVariable } from "@tenon/lowering";
import { explainAs } from "./faults.ts";
import type { Range } from "./memory.ts";
import { type Recorder, Recording } from "./recording.ts";
import type { KernelSource } from "./wgsl/source.ts";

/** Copies the bytes, and what is known of them; both ranges have the same number. */
export function copyRange({ commands, memory }: Recorder, from: Range, to: Range): void {
  [to.known, to.computed] = [from.known, from.computed];
  if (from === to || from.bytes === 0) return;
  const size = Math.ceil(from.bytes / 4) * 4;
  const encoder = commands.encoder();
  const [source, target] = [memory.gpu(from.home), memory.gpu(to.home)];
  if (source !== target) {
    encoder.copyBufferToBuffer(source, from.offset, target, to.offset, size);
    return;
  }
  // no copy has one buffer at both ends
  const between = memory.own(size, memory.storage, explainAs("copy", `a copy of ${size} bytes`));
  const gpu = memory.gpu(between);
  encoder.copyBufferToBuffer(source, from.offset, gpu, 0, size);
  encoder.copyBufferToBuffer(gpu, 0, target, to.offset, size);
  memory.giveBack(between);
}

/** Writes bytes of the range, after everything that was called before. */
export function writeRange(recorder: Recorder, to: Range, data: Uint8Array, at: number): void {
  const { live, memory } = recorder;
  const end = at + data.byteLength;
  if (end - at === to.bytes) [to.known, to.computed] = [live.faults.tick(), 0];
  if (end === at) return;
  const first = Math.ceil(at / 4) * 4;
  // what is behind the end of a range is nobody's
  const last = end === to.bytes ? Math.ceil(end / 4) * 4 : Math.floor(end / 4) * 4;
  if (last > first) {
    const words = new Uint8Array(last - first);
    const whole = data.subarray(first - at, last - at);
    words.set(whole);
    memory.write(to.home, whole.byteLength === words.byteLength ? whole : words, to.offset + first);
  }
  if (at < first) patch(recorder, to, first - 4, data.subarray(0, first - at), at);
  if (end > Math.max(last, first)) patch(recorder, to, last, data.subarray(last - at), last);
}

const scalars = [0, 1, 2].map((i) => indexVariable(`n${i}`, -(2 ** 31), 2 ** 31 - 1) as IndexVariable);

/** Puts the bits `n2` in the place of those of word `n0` that the mask `n1` has. */
const patchSource: KernelSource = {
  name: "patch a word",
  threads: 1,
  groups: constantIndex(1),
  scalars,
  slots: [{ dtype: "uint32", access: "both", vectors: false }],
  declarations: "",
  body: "store0(n0, (load0(n0) & ~bitcast<u32>(n1)) | bitcast<u32>(n2));",
};

/** Writes a few bytes from `at` on into the word that begins at byte `start` of the range. */
function patch(recorder: Recorder, range: Range, start: number, data: Uint8Array, at: number): void {
  const [mask, bits] = [new Uint8Array(4), new Uint8Array(4)];
  for (const [i, byte] of data.subarray(0, 4).entries()) {
    const place = at - start + i;
    if (place >= 4) break;
    mask[place] = 0xff;
    bits[place] = byte;
  }
  const wordOf = (bytes: Uint8Array): number => new DataView(bytes.buffer).getInt32(0, true);
  const instances = [{ memories: [0], scalars: [start / 4, wordOf(mask), wordOf(bits)], groups: 1 }];
  const recording = new Recording(recorder, [{ source: patchSource, instances, guard: undefined }], [range], 1);
  recording.run(recorder.live.faults.tick(), [range]);
  recording.drop();
}
