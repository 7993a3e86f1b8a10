import { TenonError } from "@tenon/ir";

/** A function or module that cannot be assembled as it was written. */
export class AssemblyError extends TenonError {
  static override readonly title = "AssemblyError";
}
