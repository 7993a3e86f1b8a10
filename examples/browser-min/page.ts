/**
 * The smallest page that trains: a network of one hidden layer learns handwritten digits, and shows its loss and what it reads.
 *
 * npm run example -- browser-min, and then ?backend=webgpu|cpu-js&steps=N&seed=N
 */
import { webgpu } from "@tenon/backend-webgpu";
import { digits } from "@tenon/datasets";
import { dense, flatten, sequential } from "@tenon/layers";
import { sparseCategoricalCrossEntropy } from "@tenon/losses";
import { adam } from "@tenon/optimizers";
import { argmax, type BackendChoice, compile, key, setBackend, spec, type Tensor, valueAndGrad } from "@tenon/tensor";

/** What computes: the GPU; what does without one is loaded only where there is none. */
const backends: Readonly<Record<string, () => BackendChoice | Promise<BackendChoice>>> = {
  webgpu,
  "cpu-js": async () => (await import("@tenon/backend-cpu-js")).cpuJs(),
};

const element = (id: string): HTMLElement => document.getElementById(id)!;
addEventListener("error", ({ error }) => {
  element("status").textContent = String(error);
});

const query = new URLSearchParams(location.search);
const backend = query.get("backend") ?? ((await webgpu().whyNot?.()) === null ? "webgpu" : "cpu-js");
const steps = Number(query.get("steps") ?? 600);
const seed = Number(query.get("seed") ?? 0);

await setBackend((await backends[backend]?.()) ?? backend); // another name is answered with those that there are
const { train, test } = digits({ train: 6000, test: 500, seed });
const [images, labels] = [spec(["B", 28, 28]), spec(["B"], "int32")];

const net = sequential([flatten(), dense(128, { activation: "relu" }), dense(10)]);
net.build({ key: key(seed), inputs: images });
const optimizer = adam({ learningRate: 2e-3 }).bind(net);

const learn = compile(
  (x: Tensor, y: Tensor) => {
    const [loss, grads] = valueAndGrad(() => sparseCategoricalCrossEntropy(net.call(x), y).mean(), net);
    optimizer.apply(grads);
    return loss;
  },
  { inputs: [images, labels] },
);
const read = compile((x: Tensor) => argmax(net.call(x), { axis: -1 }), { inputs: [images] });

const show = picture();
const losses: number[] = [];
await look();
for (let epoch = 0; losses.length < steps; epoch++) {
  for (const batch of train.batches(64, { shuffle: seed + epoch })) {
    const { x, y } = batch.tensors();
    losses.push(await (await learn(x, y)).item());
    if (losses.length % 20 === 0) await look();
    if (losses.length === steps) break;
  }
}
document.body.dataset.done = "true";

/** Reads the digits that nothing was learned from, shows how well, and lets the page draw. */
async function look(): Promise<void> {
  const found = await (await read(test.x.tensor())).data();
  show(losses, [...found].map(Number));
  await new Promise(requestAnimationFrame);
}

/** Draws the first digits of the test, and gives what draws the course of the training and what is read. */
function picture(): (losses: readonly number[], found: readonly number[]) => void {
  const svg = element("curve").parentElement!;
  const [width, height, most] = [600, 200, Math.log(10)]; // the loss of guessing

  const [across, down] = [(step: number) => (step / steps) * width, (loss: number) => height * (1 - loss / most)];
  for (const loss of [0, 0.5, 1, 1.5, 2])
    svg.insertAdjacentHTML(
      "afterbegin",
      `<line x2="${width}" y1="${down(loss)}" y2="${down(loss)}" /><text x="-8" y="${down(loss) + 4}" text-anchor="end">${loss}</text>`,
    );

  const captions = Array.from({ length: 36 }, (_, i) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 28, height: 28 });
    const pixels = test.x.slice(i, i + 1).data;
    const colours = Uint8ClampedArray.from(
      { length: 4 * 28 * 28 },
      (_, at) => 255 * (at % 4 < 3 ? 1 - pixels[at >> 2]! : 1),
    );
    canvas.getContext("2d")!.putImageData(new ImageData(colours, 28), 0, 0);
    const [figure, caption] = [document.createElement("figure"), document.createElement("figcaption")];
    figure.append(canvas, caption);
    element("digits").append(figure);
    return caption;
  });

  return (losses, found) => {
    element("curve").setAttribute("points", losses.map((loss, i) => `${across(i + 1)},${down(loss)}`).join(" "));
    captions.forEach((caption, i) => {
      caption.textContent = String(found[i]);
      caption.className = found[i] === test.y.data[i] ? "" : "wrong";
    });
    const right = found.filter((digit, i) => digit === test.y.data[i]).length / found.length;
    const loss = losses.length === 0 ? "" : ` · loss ${losses.at(-1)!.toFixed(3)}`;
    element("status").textContent =
      `step ${losses.length} of ${steps}${loss} · ${(100 * right).toFixed(1)} % of unseen digits are right · ${backend}`;
  };
}
