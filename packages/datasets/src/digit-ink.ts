import type { HostRandom } from "@tenon/tensor";
import type { InkLine } from "./digit-pen.ts";

/**
 * Draws lines of ink into a picture of `size` × `size` bytes, 0 being paper.
 *
 * A pixel's ink falls from full to none over `blur` pixels around the edge of the nearest line. Only pixels near a line
 * are looked at, and then the grain of paper and scanner is laid over all of them.
 */
export function draw(lines: readonly InkLine[], random: HostRandom, picture: Uint8Array, size: number): void {
  const blur = (0.9 + 0.9 * random.next()) * (size / 28); // pixels
  const strength = 175 + 80 * random.next(); // of full ink, in grey levels
  const grain = 50 * random.next() * random.next(); // largest deviation, in grey levels
  const depth = depthInside(lines, blur / 2, size);
  for (let i = 0; i < depth.length; i += 4) {
    const word = random.nextBits(); // a byte of noise for each of four pixels
    for (let j = 0; j < 4 && i + j < depth.length; j++) {
      const covered = Math.min(Math.max(depth[i + j]! / blur + 0.5, 0), 1);
      const noise = (((word >>> (8 * j)) & 255) / 127.5 - 1) * grain;
      picture[i + j] = Math.min(Math.max(Math.floor(covered * strength + noise + 0.5), 0), 255);
    }
  }
}

/** How far each pixel's centre lies inside the ink, negative outside; −∞ where it is further out than `margin`. */
function depthInside(lines: readonly InkLine[], margin: number, size: number): Float64Array {
  const depth = new Float64Array(size * size).fill(-Infinity);
  for (const line of lines) {
    for (let i = 0; i + 3 < line.length; i += 3) addPiece(depth, size, margin, line, i);
  }
  return depth;
}

/** One straight piece, from the point at `i` to the next, with a radius between those of its ends. */
function addPiece(depth: Float64Array, size: number, margin: number, line: InkLine, i: number): void {
  const [x0, y0, r0, x1, y1, r1] = [line[i]!, line[i + 1]!, line[i + 2]!, line[i + 3]!, line[i + 4]!, line[i + 5]!];
  const reach = Math.max(r0, r1) + margin;
  const left = Math.max(Math.floor(Math.min(x0, x1) - reach), 0);
  const right = Math.min(Math.floor(Math.max(x0, x1) + reach), size - 1);
  const top = Math.max(Math.floor(Math.min(y0, y1) - reach), 0);
  const bottom = Math.min(Math.floor(Math.max(y0, y1) + reach), size - 1);
  const dx = x1 - x0;
  const dy = y1 - y0;
  const lengthSquared = dx * dx + dy * dy;
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const px = column + 0.5 - x0;
      const py = row + 0.5 - y0;
      const along = lengthSquared > 0 ? Math.min(Math.max((px * dx + py * dy) / lengthSquared, 0), 1) : 0;
      const ex = px - along * dx;
      const ey = py - along * dy;
      const inside = r0 + along * (r1 - r0) - Math.sqrt(ex * ex + ey * ey);
      const at = row * size + column;
      if (inside > depth[at]!) depth[at] = inside;
    }
  }
}
