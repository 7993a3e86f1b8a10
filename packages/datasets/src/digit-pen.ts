import { type HostRandom, hostCos, hostSin } from "@tenon/tensor";
import type { Shape, Stroke } from "./digit-shapes.ts";

/** A line of ink: x, y and radius in turn, in pixels. */
export type InkLine = readonly number[];

const STEPS = 5; // straight pieces per curve between two points: their sagitta is below a tenth of a pixel at 28 × 28

/**
 * Writes a shape by a random hand: every point strays, the whole is bent, scaled, sheared, turned and moved, and the
 * pen has a width of its own that changes along the stroke.
 */
export function write(shape: Shape, random: HostRandom, size: number): InkLine[] {
  const pixel = size / 28; // the figures below are for 28 × 28
  const stray = 0.015 + 0.06 * random.next(); // standard deviation, in heights of the digit
  const place = randomPlacement(random, size);
  const radius = pixel * (0.7 + 1.3 * random.next() * random.next() + 0.25 * random.next());
  return shape.map((stroke) => {
    const points: number[] = [];
    for (let i = 0; i < stroke.length; i += 2) {
      if (isCorner(stroke, i)) points.push(...points.slice(-2));
      else points.push(...place(stroke[i]! + stray * random.normal(), stroke[i + 1]! + stray * random.normal()));
    }
    const first = radius * (0.8 + 0.4 * random.next());
    const last = radius * (0.65 + 0.5 * random.next());
    return curveThrough(points, first, last);
  });
}

/** Whether the point at `i` repeats the one before it. */
function isCorner(points: readonly number[], i: number): boolean {
  return i >= 2 && points[i] === points[i - 2] && points[i + 1] === points[i - 1];
}

/** A random map from the box of the shapes to pixels: two waves, then an affine map about the middle. */
function randomPlacement(random: HostRandom, size: number): (x: number, y: number) => [number, number] {
  const spread = (half: number) => half * (random.next() + random.next() - 1); // denser in the middle
  const angle = spread(0.31); // 18°
  const shear = 0.12 + spread(0.42); // most hands lean to the right
  const height = size * (0.65 + spread(0.12));
  const width = height * (0.82 + spread(0.25));
  const centreX = size * (0.5 + spread(0.1));
  const centreY = size * (0.5 + spread(0.1));
  const waveX = spread(0.06);
  const waveY = spread(0.06);
  const phaseX = spread(Math.PI);
  const phaseY = spread(Math.PI);
  const cos = hostCos(angle);
  const sin = hostSin(angle);
  return (x, y) => {
    const v = y - 0.5 + waveY * hostSin(4 * x + phaseY);
    const u = x - 0.5 + waveX * hostSin(4 * y + phaseX) - shear * v;
    return [centreX + cos * u * width - sin * v * height, centreY + sin * u * width + cos * v * height];
  };
}

/** Catmull & Rom 1974: cubic curves through all points, each parallel at its ends to the chord of its neighbours. */
function curveThrough(points: Stroke, firstRadius: number, lastRadius: number): InkLine {
  const line: number[] = [];
  const count = points.length / 2;
  const at = (i: number, axis: number) => points[2 * Math.min(Math.max(i, 0), count - 1) + axis]!;
  const radiusAt = (t: number) => firstRadius + ((lastRadius - firstRadius) * t) / (count - 1);
  for (let i = 0; i + 1 < count; i++) {
    if (isCorner(points, 2 * i + 2)) continue;
    for (let step = line.length === 0 ? 0 : 1; step <= STEPS; step++) {
      const t = step / STEPS;
      for (const axis of [0, 1]) {
        const [before, from, to, after] = [at(i - 1, axis), at(i, axis), at(i + 1, axis), at(i + 2, axis)];
        const linear = to - before;
        const square = 2 * before - 5 * from + 4 * to - after;
        const cube = 3 * (from - to) + after - before;
        line.push(from + (t / 2) * (linear + t * (square + t * cube)));
      }
      line.push(radiusAt(i + t));
    }
  }
  return line;
}
