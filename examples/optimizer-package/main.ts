/**
 * Uses an optimizer of a third party: `acme-optimizer`, a package of one file that imports @tenon/optimizers and @tenon/tensor.
 * It trains on any backend, has schedules and clipping like every other, and is saved inside the step.
 *
 * npm run example -- optimizer-package [--steps N] [--seed N] [--backend ID] [--json]
 */
import { moons } from "@tenon/datasets";
import { dense, sequential } from "@tenon/layers";
import { sparseCategoricalCrossEntropy } from "@tenon/losses";
import { chain, clipByGlobalNorm, cosineDecay } from "@tenon/optimizers";
import { argmax, compile, key, loadStep, spec, type Tensor, valueAndGrad } from "@tenon/tensor";
import { momentum } from "acme-optimizer";
import { start } from "../shared/start.ts";

const WANTED = 0.95;

const { steps, seed, backend, check } = await start("optimizer-package", { steps: 300 });
const [train, test] = moons({ count: 500, seed }).split([0.8, 0.2], seed);
const { x, y } = train.tensors();

const net = sequential([dense(16, { activation: "tanh" }), dense(2)]);
net.build({ key: key(seed), inputs: spec(["B", 2]) });
const learningRate = cosineDecay(0.3, { steps });
const optimizer = chain(clipByGlobalNorm(1), momentum({ learningRate, mu: 0.9 })).bind(net);

const step = compile(
  (x: Tensor, y: Tensor) => {
    const [loss, grads] = valueAndGrad(() => sparseCategoricalCrossEntropy(net.call(x), y).mean(), net);
    optimizer.apply(grads);
    return loss;
  },
  { inputs: [spec(["B", 2]), spec(["B"], "int32")] },
);
for (let i = 1; i <= steps; i++) {
  const loss = await (await step(x, y)).item();
  if (i === 1 || i % 100 === 0) console.log(`step ${i}: loss ${loss.toFixed(4)}`);
}

const guesses = await argmax(net.call(test.x.tensor()), { axis: -1 }).data();
const accuracy = test.y.data.filter((label, i) => label === Number(guesses[i])).length / test.size;
console.log(`accuracy ${(100 * accuracy).toFixed(1)} % of ${test.size} points that it has not seen`);

// The rule is in the program under its name, with what it does inside. So the file needs neither this package nor ours.
const rules = step.trace().functions.flatMap(({ ops }) => ops.filter(({ op }) => op === "acme.momentum"));
console.log(`the step has ${rules.length} × acme.momentum@${rules[0]?.version}, one for each parameter`);
const loaded = await loadStep(await step.save(), { backend });
const [here, there] = [await (await step(x, y)).item(), await (await loaded(x, y)).item()];
console.log(`the next loss is ${here} here and ${there} from the file`);

const reached = accuracy >= WANTED && here === there;
check(reached, `at least ${100 * WANTED} % are right, and a saved step goes on equally`, { accuracy, loss: here });
