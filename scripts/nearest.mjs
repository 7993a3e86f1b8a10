/** The number of single-letter insertions, deletions and replacements that lead from `a` to `b` (Levenshtein 1966). */
function distance(/** @type {string} */ a, /** @type {string} */ b) {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The choice that is spelled most like `name`; the first, where several are. */
export function nearest(/** @type {string} */ name, /** @type {readonly string[]} */ choices) {
  return choices.toSorted((a, b) => distance(name, a) - distance(name, b))[0];
}
