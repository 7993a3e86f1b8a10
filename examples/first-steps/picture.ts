import type { LabelledImages } from "@tenon/datasets";

const WIDTH = 30; // characters of the bar
const FRAME_MS = 50; // between two pictures of the bar

/** A line per epoch; on a terminal it grows while the epoch goes on. */
export function progressLine(epochs: number, images: number) {
  const live = process.stdout.isTTY === true;
  let last = 0;
  const line = (epoch: number, part: number, text: string, speed: number): string => {
    const done = Math.round(WIDTH * part);
    const bar = `${"━".repeat(done)}${"─".repeat(WIDTH - done)}`;
    return `epoch ${epoch + 1}/${epochs} ${bar} ${text}  ${Math.round(speed).toLocaleString("en")} images/s`;
  };
  return {
    /** So many images of the epoch are done, at a speed in images per second. */
    show(epoch: number, done: number, text: string, speed: number): void {
      if (!live || performance.now() - last < FRAME_MS) return;
      last = performance.now();
      process.stdout.write(`\r${line(epoch, done / images, text, speed)}\x1b[K`); // and clears the rest of the line
    },
    epoch(epoch: number, text: string, speed: number): void {
      if (live) process.stdout.write("\r\x1b[K");
      console.log(line(epoch, 1, text, speed));
    },
  };
}

const shades = " ░▒▓█";

/** The first images side by side, two rows of pixels a line, with what the network takes them for. */
export function drawDigits(
  { images, labels, size }: LabelledImages,
  predicted: ArrayLike<number | bigint>,
  count: number,
): string {
  const columns = Math.min(count, Math.floor(((process.stdout.columns ?? 120) + 1) / (size / 2 + 1)));
  const lines: string[] = [];
  for (let y = 0; y < size; y += 4) {
    lines.push(Array.from({ length: columns }, (_, i) => row(images.subarray(i * size * size), size, y)).join(" "));
  }
  const captions = Array.from({ length: columns }, (_, i) => {
    const guess = Number(predicted[i]);
    return (guess === labels[i] ? `${guess}` : `${guess}, is ${labels[i]}`).padEnd(size / 2);
  });
  return [...lines, captions.join(" ")].join("\n");
}

/** Means of 2 × 4 pixels as shades. */
function row(image: Uint8Array, size: number, y: number): string {
  let text = "";
  for (let x = 0; x < size; x += 2) {
    let ink = 0;
    for (let dy = 0; dy < 4; dy++) ink += image[(y + dy) * size + x]! + image[(y + dy) * size + x + 1]!;
    text += shades[Math.min(shades.length - 1, Math.floor((ink / 8 / 256) * shades.length * 1.4))];
  }
  return text;
}
