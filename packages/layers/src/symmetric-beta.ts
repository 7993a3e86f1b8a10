import { constant, hostExp, hostLog, randomUniform, type Shape, select, type Tensor } from "@tenon/tensor";

const INTERVALS = 256; // of the table: the error of straight lines between its points is below 1e-5 for α up to 5

/**
 * Random numbers of the beta distribution with both parameters `alpha`, in [0, 1].
 *
 * By inversion: u uniform in [0, 1) becomes the number below which a share u of the distribution lies. That function is
 * tabulated on the host. Its lower half, t(v) for v = 2u, is steep at 0, where t^α is as v; in r = v^(1/α) it is smooth,
 * so that the table is one of equal steps in r, with straight lines between. The upper half is the lower one mirrored.
 * Nothing is drawn in vain, as in methods by rejection, so that it has a fixed number of steps on every backend.
 */
export function symmetricBeta(key: Tensor, alpha: number, table: Float32Array, shape: Shape): Tensor {
  const u = randomUniform(key, shape);
  const lower = u.less(0.5);
  const v = select(lower, u, u.neg().add(1)).mul(2);
  const place = v.pow(1 / alpha).mul(INTERVALS);
  const left = place.floor().minimum(INTERVALS - 1);
  const [from, to] = [left, left.add(1)].map((at) => constant(table).take(at.cast("int32"))) as [Tensor, Tensor];
  const t = from.add(to.sub(from).mul(place.sub(left)));
  return select(lower, t, t.neg().add(1));
}

/**
 * t at r = 0, 1/256, …, 1, in float64 rounded once, with the same bits everywhere.
 *
 * With the series of the incomplete beta function, `I_t(α, α) ∝ t^α·(1 − t)^α·S(t)`, `S(t) = Σ t^n·(2α)_n/(α + 1)_n`, the
 * α-th root of `I_t/I_½ = r^α` is `t·(1 − t)·S(t)^(1/α) = r·¼·S(½)^(1/α)`, whose left side rises with t.
 */
export function betaTable(alpha: number): Float32Array {
  const root = (t: number): number => t * (1 - t) * hostExp(hostLog(series(alpha, t)) / alpha);
  const half = root(0.5);
  const table = new Float32Array(INTERVALS + 1);
  let low = 0;
  for (let k = 1; k <= INTERVALS; k++) {
    let high = 0.5;
    while (high - low > 1e-12) {
      const middle = (low + high) / 2;
      if (root(middle) < (half * k) / INTERVALS) low = middle;
      else high = middle;
    }
    table[k] = low;
  }
  return table;
}

/** `Σ t^n·(2α)_n/(α + 1)_n` for t up to ½, whose terms in the end halve from one to the next. */
function series(alpha: number, t: number): number {
  let [sum, term] = [0, 1];
  for (let n = 0; term > sum * 1e-17; n++) {
    sum += term;
    term *= (t * (2 * alpha + n)) / (alpha + 1 + n);
  }
  return sum;
}
