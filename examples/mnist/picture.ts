import type { Dataset } from "@tenon/datasets";

const shades = " ░▒▓█";
const CONTRAST = 1.4; // thin strokes would be too pale
const WIDTH = 14; // characters of a picture of 28 pixels

/** These rows of a set of pictures side by side, as far as the terminal is wide, with what the network takes them for. */
export function drawImages({ x, y }: Dataset, guesses: readonly number[], rows: readonly number[]): string {
  const fitting = Math.max(1, Math.floor(((process.stdout.columns ?? 120) + 1) / (WIDTH + 1)));
  const shown = rows.slice(0, fitting);
  const pictures = shown.map((row) => draw(x.slice(row, row + 1).data, x.shape[1]!));
  const nameOf = (label: number): string => (y.classes?.[label] ?? String(label)).slice(0, WIDTH - 3).padEnd(WIDTH - 3);
  const captions = [
    shown.map((row) => `→ ${nameOf(guesses[row]!)} `),
    shown.map((row) => (guesses[row] === y.data[row] ? "" : `is ${nameOf(y.data[row]!)}`).padEnd(WIDTH)),
  ];
  const lines = pictures[0]!.map((_, i) => pictures.map((picture) => picture[i]!));
  return [...lines, ...captions]
    .map((parts) => parts.join(" ").trimEnd())
    .filter((line) => line !== "")
    .join("\n");
}

/** A picture in lines of text: a character is the mean of 2 × 4 pixels, since characters are twice as high as wide. */
function draw(pixels: ArrayLike<number>, size: number): string[] {
  return Array.from({ length: size / 4 }, (_, row) => {
    let line = "";
    for (let left = 0; left < size; left += 2) {
      let ink = 0;
      for (let down = 0; down < 4; down++) {
        const at = (4 * row + down) * size + left;
        ink += (pixels[at]! + pixels[at + 1]!) / 8;
      }
      line += shades[Math.min(shades.length - 1, Math.floor(ink * shades.length * CONTRAST))];
    }
    return line;
  });
}
