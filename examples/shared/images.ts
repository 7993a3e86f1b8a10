import { DataError, type Dataset, digits, fashionMnist, mnist } from "@tenon/datasets";

/** The sets of pictures that the examples know, all of 28 × 28 pixels in ten classes. */
export const imageSets = ["mnist", "fashion-mnist", "digits"] as const;
export type ImageSet = (typeof imageSets)[number];

/** Pictures to learn from and others to be tested with. */
export interface Images {
  readonly dataset: ImageSet;
  readonly train: Dataset;
  readonly test: Dataset;
}

const MIRROR_TIMEOUT_MS = 4000; // whoever just wants to see something should not wait long

/**
 * The set that is wanted. Without a wish it is the usual one, and where that is neither here nor can be fetched, digits drawn
 * by rule.
 *
 * @param count How many to learn from; of a smaller number, at most as many to be tested with.
 */
export async function loadImages(
  wanted: ImageSet | undefined,
  count: number,
  usual: "mnist" | "fashion-mnist" = "mnist",
): Promise<Images> {
  if (wanted === "digits") return { dataset: "digits", ...digits({ train: count, test: testsFor(count) }) };
  try {
    const load = (wanted ?? usual) === "fashion-mnist" ? fashionMnist : mnist;
    const { train, test } = await load({ timeoutMs: MIRROR_TIMEOUT_MS });
    return { dataset: wanted ?? usual, train: some(train, count), test: some(test, testsFor(count)) };
  } catch (error) {
    if (wanted !== undefined || !(error instanceof DataError)) throw error;
    const name = { mnist: "MNIST", "fashion-mnist": "Fashion-MNIST" }[usual];
    console.log(
      `${name} is not here and cannot be fetched, so these are digits drawn by rule, about as hard as MNIST.`,
    );
    return loadImages("digits", count);
  }
}

const testsFor = (count: number): number => Math.min(count, 10_000);

/** So many of them, in another order, since MNIST's come sorted by where they were collected; all, where there are not more. */
const some = (all: Dataset, count: number): Dataset => (count < all.size ? all.shuffle(0).take(count) : all);

/** What networks of such layers reach of 60,000 pictures in three epochs, of clothing in five. */
const reached = {
  dense: { mnist: 0.965, "fashion-mnist": 0.85, digits: 0.96 },
  "few convolutions": { mnist: 0.98, "fashion-mnist": 0.87, digits: 0.97 },
  convolutions: { mnist: 0.988, "fashion-mnist": 0.9, digits: 0.98 },
} as const;

/** What a network of such layers reaches in a few epochs of so many pictures; of few pictures, that it learns at all. */
export function wantedAccuracy(
  dataset: ImageSet,
  count: number,
  epochs: number,
  layers: keyof typeof reached = "dense",
): number {
  if (count < 10_000) return 0.5;
  return reached[layers][dataset] - (epochs < (dataset === "fashion-mnist" ? 5 : 3) ? 0.04 : 0);
}

/** 0.975 is "97.5 %". */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
