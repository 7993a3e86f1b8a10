/** How far the files of a data set have come. */
export interface FetchProgress {
  /** Such as "mnist". */
  readonly dataset: string;
  /** Where the bytes come from. */
  readonly url: string;
  /** Bytes of all files that are being fetched. */
  readonly received: number;
  readonly total: number;
}

/** Where `mnist` and the other published sets look for their files, and what they say meanwhile. */
export interface FileOptions {
  /** Only this folder is looked into; it has the files, packed or not. In Node only. */
  readonly folder?: string;
  /** Where fetched files are kept, instead of `TENON_CACHE` or the user's cache folder; `false` for nowhere. In Node only. */
  readonly cache?: string | false;
  /** Addresses of folders with the files, instead of the public ones. */
  readonly mirrors?: readonly string[];
  /** Ends the fetching; the promise is then rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Is told how far the fetching is, instead of a line on the terminal. */
  readonly onProgress?: (progress: FetchProgress) => void;
  /** After how long without a byte a mirror is given up, 10,000 by default. */
  readonly timeoutMs?: number;
}
