import {
  checkFunction,
  constant,
  isFloat,
  OptionError,
  ShapeError,
  Tensor,
  tensor,
  typeText,
  valueText,
} from "@tenon/tensor";

/** A learning rate as a function of the step, an int32 of rank 0 that begins at 0: tensor code, compiled into the program. */
export type Schedule = (step: Tensor) => Tensor;

/** A number, a tensor of rank 0, or a schedule. */
export type LearningRate = number | Tensor | Schedule;

/** The rate itself; beside it the number of the next step, where it follows a schedule. */
export type RateState = { learningRate: Tensor } | { learningRate: Tensor; step: Tensor };

/** Refuses what is no learning rate. */
export function checkRate(op: string, rate: unknown): asserts rate is LearningRate {
  if (typeof rate === "function" || (typeof rate === "number" && Number.isFinite(rate))) return;
  if (rate instanceof Tensor && rate.rank === 0) return;
  throw new OptionError("E803", op, `learningRate is ${rate instanceof Tensor ? typeText(rate) : valueText(rate)}`, {
    fix: "give a finite number, a tensor of rank 0, or a schedule such as cosineDecay(1e-3, { steps: 1000 })",
  });
}

/** The rate of the first step. Its value is data, not a constant of the graph, so that another one needs no other program. */
export function initialRate(rate: LearningRate): RateState {
  if (typeof rate !== "function") return { learningRate: rate instanceof Tensor ? rate.cast("float32") : tensor(rate) };
  const step = constant(0, [], "int32");
  return { learningRate: scheduled(rate, step), step };
}

/** The rate of this step, and the state after it. */
export function nextRate(rate: LearningRate, state: RateState): readonly [rate: Tensor, state: RateState] {
  if (typeof rate !== "function" || !("step" in state)) return [state.learningRate, state];
  const learningRate = scheduled(rate, state.step);
  return [learningRate, { learningRate, step: state.step.add(1) }];
}

/** What a schedule gives for a step, as float32. */
export function scheduled(schedule: Schedule, step: Tensor): Tensor {
  checkFunction("schedule", "the schedule", schedule);
  const rate: unknown = schedule(step);
  if (rate instanceof Tensor && rate.rank === 0 && isFloat(rate.dtype)) return rate.cast("float32");
  throw new ShapeError(
    "E202",
    "schedule",
    `the schedule gives ${rate instanceof Tensor ? typeText(rate) : valueText(rate)}`,
    {
      fix: "return one float of rank 0 from (step) => …",
    },
  );
}
