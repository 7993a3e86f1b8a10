import { constant } from "@tenon/tensor";
import type { Schedule } from "../learning-rate.ts";
import { checkNumber } from "../range.ts";

/** The same rate at every step. A plain number does as much and can be changed; this one stands where a schedule is wanted. */
export function constantRate(rate: number): Schedule {
  checkNumber("constantRate", "rate", rate, {});
  return () => constant(rate);
}
