import type { Logs } from "./model.ts";

/** `━━━━━╌╌╌`: a share of 0 to 1. */
export function barText(share: number, width: number): string {
  const full = Math.round(Math.min(Math.max(share, 0), 1) * width);
  return "━".repeat(full) + "╌".repeat(width - full);
}

/** `40 ms`, `0.8 s`, `12 s`, `3 min 05 s`, `2 h 10 min`. */
export function durationText(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 0.0995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const padded = (n: number): string => String(n).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${padded(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${padded(Math.floor((whole % 3600) / 60))} min`;
}

/** `12,345 examples/s`. */
export function rateText(perSecond: number): string {
  if (!Number.isFinite(perSecond)) return "– examples/s";
  const text = perSecond < 10 ? perSecond.toFixed(1) : String(Math.round(perSecond));
  return `${text.replace(/\B(?=(\d{3})+(?!\d))/g, ",")} examples/s`;
}

/** `loss 0.1234  accuracy 0.9876`. */
export const logsText = (logs: Logs): string =>
  Object.entries(logs)
    .map(([name, value]) => `${name} ${numberText(value)}`)
    .join("  ");

/** Four digits that mean something: 0.1234, 12.34, 0.001, 1.235e-7. */
export function numberText(value: number): string {
  const size = Math.abs(value);
  if (value === 0 || !Number.isFinite(value)) return String(value);
  if (size >= 1e5 || size < 1e-4) return value.toExponential(3).replace(/\.?0+e/, "e");
  if (size < 0.01) return String(Number(value.toPrecision(4)));
  return value.toFixed(size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 4);
}
