/** One of the files of a published set, as it is fetched; packed with gzip where its name ends in `.gz`. */
export interface PublishedFile {
  readonly name: string;
  readonly byteLength: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** Files that belong together, and where they are to be had. */
export interface PublishedSet {
  /** Also the name of its folder. */
  readonly name: string;
  readonly files: readonly PublishedFile[];
  /** Addresses of folders with the files, ending in a slash, best first. */
  readonly mirrors: readonly string[];
  /** What does without files, such as "digits()". */
  readonly instead: string;
}

/** A set in the form of MNIST. Its files are pictures and labels to learn from, then pictures and labels to be tested with. */
export interface PictureSet extends PublishedSet {
  readonly classes: readonly string[];
}
