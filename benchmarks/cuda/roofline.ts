import type { Precision } from "./jobs.ts";

/** Rates of a device by its data sheet: 10¹² operations a second, products without sparsity; 10⁹ bytes a second. */
export interface Datasheet {
  readonly peaks: Readonly<Record<Precision, number>>;
  readonly bandwidth: number;
  readonly source: string;
}

const hopper = { float32: 67, tf32: 494.7, bfloat16: 989.4 };
const ampere = { float32: 19.5, tf32: 156, bfloat16: 312 };

/** By the beginning of the name that the driver gives. */
const datasheets: readonly (readonly [string, Datasheet])[] = [
  ["NVIDIA H200", { peaks: hopper, bandwidth: 4800, source: "NVIDIA H200 Tensor Core GPU data sheet, SXM" }],
  ["NVIDIA H100 80GB HBM3", { peaks: hopper, bandwidth: 3350, source: "NVIDIA H100 Tensor Core GPU data sheet, SXM" }],
  [
    "NVIDIA H100 PCIe",
    {
      peaks: { float32: 51.2, tf32: 378, bfloat16: 756 },
      bandwidth: 2039,
      source: "NVIDIA H100 PCIe GPU product brief",
    },
  ],
  ["NVIDIA A100-SXM4-80GB", { peaks: ampere, bandwidth: 2039, source: "NVIDIA A100 Tensor Core GPU data sheet" }],
  ["NVIDIA A100-SXM4-40GB", { peaks: ampere, bandwidth: 1555, source: "NVIDIA A100 Tensor Core GPU data sheet" }],
  ["NVIDIA A100-PCIE-40GB", { peaks: ampere, bandwidth: 1555, source: "NVIDIA A100 Tensor Core GPU data sheet" }],
];

/** What a device could do at best; undefined for one that is not in the table. */
export const datasheetOf = (device: string): Datasheet | undefined =>
  datasheets.find(([name]) => device.startsWith(name))?.[1];
