import type { LabelledImages } from "@tenon/datasets";

/** A line that is written over on a terminal; elsewhere one line per fifth of the way. */
export function progressLine(epochs: number): { show(epoch: number, loss: number): void; end(): void } {
  const WIDTH = 30; // characters of the bar
  const live = process.stdout.isTTY === true;
  return {
    show(epoch, loss) {
      const done = Math.round((WIDTH * epoch) / epochs);
      const line = `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs} ${"━".repeat(done)}${"─".repeat(WIDTH - done)} loss ${loss.toFixed(4)}`;
      if (live) process.stdout.write(`\r${line}`);
      else if (epoch % Math.ceil(epochs / 5) === 0 || epoch === epochs) console.log(line);
    },
    end() {
      if (live) process.stdout.write("\n");
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
