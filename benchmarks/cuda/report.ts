import { CONTROL, OURS, type Result } from "./measure.ts";
import type { Finish } from "./mnist.ts";
import type { Datasheet } from "./roofline.ts";

/** All that a run found. */
export interface Findings {
  readonly date: string;
  readonly device: string;
  readonly fingerprint: string;
  readonly node: string;
  readonly rounds: number;
  /** The peer's version, or why there is none. */
  readonly peer: string;
  readonly datasheet?: Datasheet;
  readonly results: readonly Result[];
  /** Why a job has no result. */
  readonly failed: Readonly<Record<string, string>>;
  /** By side, or why a side or all of it was not run. */
  readonly mnist: Readonly<Record<string, Finish | string>> | string;
}

const bytesRate = ({ bytes, sides }: Result, side = OURS): number | undefined =>
  bytes === undefined ? undefined : bytes / sides[side]!.milliseconds / 1e6; // GB/s
const flopRate = ({ flop, sides }: Result): number | undefined =>
  flop === undefined ? undefined : flop / sides[OURS]!.milliseconds / 1e9; // TFLOP/s

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
const significant = (x: number): string => (x >= 100 ? x.toFixed(0) : x.toPrecision(3));

/** By so much ours may differ from itself for a row to say something. */
const APART = 0.05;

/** A page of Markdown. */
export function pageOf(findings: Findings): string {
  const { device, fingerprint, node, peer, rounds, date, datasheet, results, failed, mnist } = findings;
  const modes = [...new Set(results.flatMap(({ sides, absent }) => [...Object.keys(sides), ...Object.keys(absent)]))];
  const peers = modes.filter((mode) => mode !== OURS && mode !== CONTROL);
  const copy = results.find(({ name }) => name === "copy");
  const bandwidth = copy && Math.max(...Object.keys(copy.sides).map((side) => bytesRate(copy, side)!));
  const cells = (result: Result): readonly string[] => {
    const { name, precision, sides, absent } = result;
    const [flops, bytes] = [flopRate(result), bytesRate(result)];
    const peak = datasheet?.peaks[precision];
    const rate =
      flops !== undefined
        ? `${significant(flops)} TFLOP/s${peak === undefined ? "" : `, ${percent(flops / peak)} of peak`}`
        : bytes !== undefined
          ? `${significant(bytes)} GB/s${bandwidth === undefined ? "" : `, ${percent(bytes / bandwidth)} of copying`}`
          : "";
    const against = [...peers, CONTROL].map((side) => {
      const found = sides[side];
      if (found === undefined) return absent[side] === undefined ? "" : `– (${absent[side]})`;
      const off = side === CONTROL && Math.abs(found.ratio - 1) > APART ? " †" : "";
      return `${found.ratio.toFixed(2)} (${found.least.toFixed(2)}–${found.most.toFixed(2)})${off}`;
    });
    const host = significant(1000 * result.host);
    return [name, precision, significant(sides[OURS]!.milliseconds), host, rate, ...against];
  };
  const row = (list: readonly string[]): string => `| ${list.join(" | ")} |`;
  const head = [
    "job",
    "precision",
    "ms",
    "host, µs",
    "rate",
    ...peers.map((mode) => `PyTorch ${mode} / ours`),
    "ours again / ours",
  ];
  const races = typeof mnist === "string" ? [] : Object.entries(mnist);
  return [
    "# cuda-native beside PyTorch",
    "",
    `Written by \`npm run bench:cuda\` on ${date}, from RESULTS-CUDA.json beside it: ${device} (${fingerprint}), Node ${node}, ${peer}. Times are`,
    `medians of ${rounds} rounds after one to warm up; in a round each side has its turn, from the same numbers, and results must agree. Ratios are`,
    "medians of those within a round, with their range: above 1, ours is quicker. A step is forward, backward and Adam. Where ours differs from",
    "itself by more than 5 %, marked †, the row says little. The host's part is what it takes to start a run, without waiting for it.",
    "",
    row(head),
    row(head.map(() => "---")),
    ...results.map((result) => row(cells(result))),
    ...Object.entries(failed).map(([title, why]) => `\n**${title}** failed: ${why.split("\n")[0]}`),
    "",
    "## Roofline",
    "",
    bandwidth === undefined
      ? "Copying was not measured."
      : `Copying, measured: ${significant(bandwidth)} GB/s, read and written, by whoever is quicker.`,
    datasheet === undefined
      ? "The device is not in the table of data sheets."
      : `By the data sheet ${datasheet.bandwidth} GB/s, and ${Object.entries(datasheet.peaks)
          .map(([name, peak]) => `${peak} TFLOP/s of ${name}`)
          .join(", ")} (${datasheet.source}).`,
    "",
    "## MNIST to its accuracy",
    "",
    ...(typeof mnist === "string"
      ? [`Not run: ${mnist}.`]
      : [row(["side", "seconds", "epochs", "accuracy"]), row(["---", "---", "---", "---"])]),
    ...races.map(([side, finish]) => {
      if (typeof finish === "string") return row([side, `– (${finish})`, "", ""]);
      const { seconds, epochs, accuracy } = finish;
      return row([side, significant(seconds), String(epochs), `${(100 * accuracy).toFixed(2)} %`]);
    }),
    "",
  ].join("\n");
}
