import type { PublishedSet } from "./published.ts";

/** Karpathy 2015, char-rnn. The text is in the public domain, the repository MIT. 1,115,394 characters, 65 different ones. */
export const tinyShakespeareSet: PublishedSet = {
  name: "tiny-shakespeare",
  instead: "verses()",
  files: [
    {
      name: "input.txt",
      byteLength: 1_115_394,
      sha256: "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    },
  ],
  mirrors: ["https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/"],
};

/**
 * Pang & Lee 2005, sentence polarity 1.0, in UTF-8 as a repository of D. Britz has it. Given by its makers for research,
 * without a licence: it is fetched, and no part of this package.
 */
export const moviePolaritySet: PublishedSet = {
  name: "sentiment",
  instead: "opinions()",
  files: [
    {
      name: "rt-polarity.neg",
      byteLength: 612_506,
      sha256: "2d11cfbc790f1cd96d78339f41ce53ced1efa83cd22d37d6788fa3fe3d17e2fd",
    },
    {
      name: "rt-polarity.pos",
      byteLength: 626_395,
      sha256: "4134882974a28d0c7b5151256f0e33a6169984ee7372c279e673f1114f475d58",
    },
  ],
  mirrors: ["https://raw.githubusercontent.com/dennybritz/cnn-text-classification-tf/master/data/rt-polaritydata/"],
};

/** Box & Jenkins 1976, Time series analysis, series G. Facts, in a repository of J. Brownlee that states no licence. */
export const airlineSet: PublishedSet = {
  name: "time-series",
  instead: "passengers()",
  files: [
    {
      name: "airline-passengers.csv",
      byteLength: 2_180,
      sha256: "8cb51be753a718d9be5d76d7e238cc224792754676adc21faa59e954b0201621",
    },
  ],
  mirrors: ["https://raw.githubusercontent.com/jbrownlee/Datasets/master/"],
};

/** Karpathy 2022, makemore; names from the public list of the US Social Security Administration. The repository is MIT. */
export const namesSet: PublishedSet = {
  name: "names",
  instead: "coinedNames()",
  files: [
    {
      name: "names.txt",
      byteLength: 228_145,
      sha256: "0a30b5557f192f32ab962680889aac5f6fda0f4cecf40a6d0b5694f58ea8cc4d",
    },
  ],
  mirrors: ["https://raw.githubusercontent.com/karpathy/makemore/master/"],
};
