import { backward } from "@tenon/autograd";
import {
  constant,
  type Dim,
  div,
  Fn,
  input,
  linear,
  pow,
  softmaxCrossEntropy,
  spec,
  sub,
  type Tensor,
  withScope,
  withTrace,
} from "@tenon/ir";

/**
 * One step of a classifier with relu between its dense layers: loss, and every parameter, first and second moment after
 * an update of Adam (Kingma & Ba 2015, Adam, algorithm 1). Rate and step number are inputs.
 */
export function denseStep(widths: readonly number[], batch: Dim | string = "B"): Fn {
  return withTrace(() => {
    const params = widths.slice(1).flatMap((out, i) => [input(spec([widths[i]!, out])), input(spec([out]))]);
    const [means, variances] = [params.map((p) => input(p)), params.map((p) => input(p))];
    const x = input(spec([batch, widths[0]!]));
    const labels = input(spec([batch], "int32"));
    const [rate, step] = [input(spec([])), input(spec([]))];
    let h: Tensor = x;
    for (let i = 0; i < params.length; i += 2)
      h = withScope(`dense${i / 2}`, () =>
        linear(h, params[i]!, { bias: params[i + 1]!, act: i + 2 < params.length ? "relu" : "none" }),
      );
    const loss = softmaxCrossEntropy(h, labels).mean();
    const { gradients } = backward([loss], params, [constant(1)]);
    const next = step.add(1);
    const [c1, c2] = [0.9, 0.999].map((beta) => sub(1, pow(constant(beta), next))) as [Tensor, Tensor];
    const updates = params.map((p, i) => {
      const g = gradients[i]!;
      const m = means[i]!.mul(0.9).add(g.mul(0.1));
      const v = variances[i]!.mul(0.999).add(g.mul(g).mul(0.001));
      const change = div(m, c1).mul(rate).div(div(v, c2).sqrt().add(1e-8));
      return [p.sub(change), m, v] as const;
    });
    const results = [loss, next, ...[0, 1, 2].flatMap((k) => updates.map((u) => u[k]!))];
    return new Fn("step", [...params, ...means, ...variances, x, labels, rate, step], results);
  });
}
