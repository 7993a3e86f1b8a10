/** Marks the errors of every Tenon package, so that `instanceof TenonError` holds across packages that share no import. */
const BRAND: unique symbol = Symbol.for("tenon.error");

/**
 * Trees that do not fit together, or a value that is no tree.
 *
 * | code | fault |
 * |---|---|
 * | E741 | trees differ in structure |
 * | E742 | the number of leaves does not fit the structure |
 * | E743 | a list or record contains itself |
 * | E744 | two leaves have the same path name |
 */
export class StructureError extends Error {
  override readonly name = "StructureError";
  readonly [BRAND] = true;
  readonly code: string;
  /** Path name of the place, `""` for the root. */
  readonly path: string;
  readonly fix: string;

  constructor(
    code: string,
    op: string,
    problem: string,
    { path, fix }: { readonly path: string; readonly fix: string },
  ) {
    super(`${code} ${op}: ${problem}.\n  at: ${path === "" ? "the root" : path}\n  fix: ${fix}.`);
    this.code = code;
    this.path = path;
    this.fix = fix;
    if (this.stack !== undefined) this.stack = this.stack.replace(/^[^\n:]*: /, `${this.name} `); // as toString says it
  }

  /** The whole text: `StructureError E741 treeMap: …`, place and fix. */
  override toString(): string {
    return `${this.name} ${this.message}`;
  }
}
