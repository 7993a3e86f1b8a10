import { defineOptimizer } from "@tenon/optimizers";
import { zerosLike } from "@tenon/tensor";

/**
 * Gradient descent with momentum: `v ← µ·v + g`, then `p ← p − η·v`.
 *
 * Polyak 1964, Some methods of speeding up the convergence of iteration methods; in the form of Sutskever, Martens, Dahl & Hinton
 * 2013, with the rate outside of the velocity, so that a change of the rate takes effect at once.
 */
export const momentum = defineOptimizer({
  name: "acme.momentum",
  version: 1, // of the rule: give another number to one that computes something else
  defaults: { learningRate: 0.01, mu: 0.9 },
  slots: (param) => ({ velocity: zerosLike(param) }), // what it keeps for each parameter, from step to step
  update({ param, grad, slots, learningRate, mu }) {
    const velocity = slots.velocity.mul(mu).add(grad);
    return { param: param.sub(velocity.mul(learningRate)), slots: { velocity } };
  },
});
