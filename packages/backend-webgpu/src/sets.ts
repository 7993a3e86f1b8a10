/** Numbers in sets that are joined: of each, the least that it is together with. */
export class JoinedSets {
  readonly #parents = new Map<number, number>();

  leastOf(x: number): number {
    const parent = this.#parents.get(x) ?? x;
    if (parent === x) return x;
    const least = this.leastOf(parent);
    this.#parents.set(x, least);
    return least;
  }

  join(x: number, y: number): void {
    const [a, b] = [this.leastOf(x), this.leastOf(y)];
    this.#parents.set(Math.max(a, b), Math.min(a, b));
  }
}
