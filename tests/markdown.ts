/** A fenced block of a Markdown text. */
export interface Block {
  /** What follows the opening fence, such as `ts` or `ts no-run`. */
  readonly info: string;
  readonly code: string;
  /** Of the first line of the code, from 1. */
  readonly line: number;
}

/** The fenced blocks of a Markdown text, in order. A fence ends at the next one that is at least as long. */
export function blocksOf(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { fence: string; info: string; line: number; lines: string[] } | null = null;
  for (const [index, text] of markdown.split(/\r?\n/).entries()) {
    const [, fence = "", info = ""] = /^(`{3,})(.*)$/.exec(text) ?? [];
    if (open === null) {
      if (fence !== "") open = { fence, info: info.trim(), line: index + 2, lines: [] };
    } else if (fence.length >= open.fence.length && info.trim() === "") {
      blocks.push({ info: open.info, code: open.lines.join("\n"), line: open.line });
      open = null;
    } else {
      open.lines.push(text);
    }
  }
  return blocks;
}

/** The blocks that are programs: TypeScript, and not marked `no-run`. */
export function programsOf(markdown: string): readonly Block[] {
  return blocksOf(markdown).filter(({ info }) => info === "ts");
}
