import type { Source } from "@tenon/lowering/threads";
import type { Arriving } from "./attention-rows.ts";
import type { AttentionTile } from "./attention-tile.ts";

/** What a block goes over, tile by tile. */
export interface Stream {
  readonly tile: Pick<AttentionTile, "buffers">;
  /** Where the buffers begin, and how many words one has. */
  readonly first: number;
  readonly words: number;
  readonly arriving: readonly Arriving[];
  /** Says where the tile `step` is. */
  where(step: string): void;
  /** What is done with one, in the buffer `here`. */
  multiply(): void;
}

/** Waits for what is on its way to `buffer`; who reads it needs a barrier besides. */
export function arrive(source: Source, arriving: readonly Arriving[], buffer: string): void {
  for (const one of arriving) one.store(buffer);
  if (arriving.some(({ way }) => way === "copied")) source.line("tenon_wait_copies();");
}

/** Goes over `steps` tiles; the next one comes while one is multiplied. */
export function goOver(source: Source, { tile, first, words, arriving, where, multiply }: Stream): void {
  const begin = (step: string, list: readonly Arriving[], buffer: string): void => {
    if (list.length === 0) return;
    source.nested("", () => {
      where(step);
      for (const one of list) one.load(buffer);
    });
  };
  source.if("0 < steps", () => {
    begin("0", arriving, String(first));
    arrive(source, arriving, String(first));
  });
  source.line("__syncthreads();");
  const isDouble = tile.buffers === 2;
  // what is copied needs its room at once
  const late = arriving.filter(({ way }) => !isDouble && way === "copied");
  const early = arriving.filter((one) => !late.includes(one));
  source.nested("for (int step = 0; step < steps; step++)", () => {
    source.line("const bool more = step + 1 < steps;");
    source.line(`const int here = ${isDouble ? `${first} + step % 2 * ${words}` : first};`);
    source.line(`const int there = ${isDouble ? `${2 * first + words} - here` : "here"};`);
    source.if("more", () => begin("step + 1", early, "there"));
    source.nested("", () => {
      where("step");
      multiply();
    });
    if (!isDouble) source.line("__syncthreads();");
    source.if("more", () => {
      begin("step + 1", late, "there");
      arrive(source, arriving, "there");
    });
    source.line("__syncthreads();");
  });
}
