import { hostCos, hostSin } from "@tenon/tensor";
import type { Dataset } from "./dataset.ts";
import { checkPoints, type PointsOptions, pointsInClasses } from "./points.ts";
import { checkWhole } from "./range.ts";

export interface BlobsOptions extends PointsOptions {
  /** The number of heaps, 3 by default. */
  readonly classes?: number;
}

/** Round heaps of points, with their middles at equal distances on the circle of radius 1, one per class. x (count, 2), y (count) */
export function blobs({ classes = 3, ...options }: BlobsOptions = {}): Dataset {
  checkPoints("blobs", options, ["classes"]);
  checkWhole("blobs", "classes", classes, 1, 1000);
  return pointsInClasses("blobs", classes, { noise: 0.25, ...options }, (label) => {
    const angle = (2 * Math.PI * label) / classes;
    return [hostCos(angle), hostSin(angle)];
  });
}
