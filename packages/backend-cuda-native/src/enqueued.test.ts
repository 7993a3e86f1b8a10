import { adamw } from "@tenon/optimizers";
import { compile, cond, scan, setBackend, spec, type Tensor, tensor, variable, whileLoop } from "@tenon/tensor";
import { beforeEach, expect, vi } from "vitest";
import { cudaNative } from "./backend.ts";
import { testEmulatedDevice } from "./emulated-device.test-kit.ts";
import type { NativeDevice, NativeGraph } from "./native.ts";

/** What the device is asked to do, in order. Graphs are told apart by a number. */
const asked: string[] = [];
/** The last mark that it says to have passed; its own answer where this is undefined. */
let passed: number | undefined;

/** Launches in each recording. */
const launches: number[] = [];
const WORDS_OF_A_LAUNCH = 6;
function launchesOf(commands: Float64Array): number {
  expect(commands.length % WORDS_OF_A_LAUNCH, "nothing but launches").toBe(0);
  return commands.length / WORDS_OF_A_LAUNCH;
}

let graphs = 0;
/** Counts tests: a step of an earlier one may be given up in the middle of another. */
let test = 0;
const watchedGraph = (graph: NativeGraph): NativeGraph => {
  const [name, own] = [`graph ${graphs++}`, test];
  return {
    launch: () => {
      asked.push(`launch ${name}`);
      graph.launch();
    },
    dispose: () => {
      if (own === test) asked.push(`dispose ${name}`);
      graph.dispose();
    },
  };
};

const watched = (device: NativeDevice): NativeDevice =>
  new Proxy(device, {
    get(target, name: keyof NativeDevice) {
      const member = target[name];
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        if (name === "enqueue" || name === "record") asked.push(name);
        if (name === "record") launches.push(launchesOf(args[0] as Float64Array));
        if (name === "write") asked.push(args[2] === true ? "write apart" : "write");
        if (name === "done" && passed !== undefined) return passed;
        const result = Reflect.apply(member, target, args);
        return name === "record" ? watchedGraph(result as NativeGraph) : result;
      };
    },
  });

vi.mock(import("./device.ts"), async (original) => {
  const real = await original();
  return {
    ...real,
    openDevice: (options) => {
      const opened = real.openDevice(options);
      return { ...opened, device: watched(opened.device) };
    },
  };
});

beforeEach(() => {
  asked.length = launches.length = 0;
  graphs = 0;
  test++;
  passed = undefined;
});

const runs = (): readonly string[] => asked.filter((what) => !what.startsWith("write"));

testEmulatedDevice(
  "a step is enqueued once, then recorded, then launched: one graph for each size, four at most",
  async () => {
    await setBackend(cudaNative({ cache: false }));
    const step = compile((x: Tensor) => x.square().sum(), { inputs: [spec(["B", 4])] });
    const run = async (rows: number): Promise<readonly string[]> => {
      asked.length = 0;
      const x = tensor(new Float32Array(4 * rows).fill(1), { shape: [rows, 4] });
      expect(await (await step(x)).item()).toBe(4 * rows);
      return runs();
    };
    expect(await run(1)).toEqual(["enqueue"]);
    expect(await run(1)).toEqual(["record", "launch graph 0"]);
    expect(await run(1)).toEqual(["launch graph 0"]);
    expect(await run(2)).toEqual(["enqueue"]);
    expect(await run(2)).toEqual(["record", "launch graph 1"]);
    expect(await run(1)).toEqual(["launch graph 0"]);
    for (const rows of [3, 4]) expect(await run(rows)).toEqual(["enqueue"]);
    expect(await run(5)).toEqual(["dispose graph 1", "enqueue"]);
    expect(await run(1)).toEqual(["launch graph 0"]);
  },
);

testEmulatedDevice("what nobody uses is written beside what is computed, and anything else behind it", async () => {
  const backend = await cudaNative({ cache: false }).create();
  const bytes = new Uint8Array(1024).fill(3);
  const writes = (): readonly string[] => asked.splice(0);
  const fresh = backend.alloc(1024);
  backend.write(fresh, bytes, 0);
  expect(writes()).toEqual(["write apart"]);
  backend.write(fresh, bytes, 0);
  expect(writes()).toEqual(["write"]);

  fresh.release();
  passed = 0; // the device is not through with what used the memory
  const again = backend.alloc(1024);
  backend.write(again, bytes, 0);
  expect(writes()).toEqual(["write"]);
  again.release();
  passed = Number.POSITIVE_INFINITY;
  const later = backend.alloc(1024);
  backend.write(later, bytes, 0);
  expect(writes()).toEqual(["write apart"]);
  expect(await backend.read(later, 0, 1024)).toEqual(bytes);
  await backend.close();
});

testEmulatedDevice("loops and branches are in the graph, whoever decides about them", async () => {
  await setBackend(cudaNative({ cache: false }));
  const step = compile((x: Tensor) => {
    const [, sums] = scan((sum: Tensor, y: Tensor) => [sum.add(y), sum.mul(y)], tensor(0), x);
    const doubled = whileLoop(
      (y: Tensor) => y.less(10),
      (y: Tensor) => y.mul(2),
      sums.sum(),
      { maxTrip: 8 },
    );
    return cond(
      doubled.greater(100),
      () => doubled.neg(),
      () => doubled,
    );
  });
  const results: number[] = [];
  for (const x of [
    [1, 1, 1],
    [1, 1, 1],
    [30, 3, 3],
  ])
    results.push(await (await step(tensor(x))).item());
  expect(results).toEqual([12, 12, -189]);
  expect(runs()).toEqual(["enqueue", "record", "launch graph 0", "launch graph 0"]);
});

testEmulatedDevice("an optimizer updates all parameters by as few launches as one", async () => {
  await setBackend(cudaNative({ cache: false }));
  const launchesFor = async (count: number): Promise<number> => {
    const params = Array.from({ length: count }, (_, i) => variable(tensor(new Float32Array(3 + i).fill(1))));
    const optimizer = adamw({ learningRate: 0.1 }).bind(params);
    const step = compile((...grads: Tensor[]) => {
      optimizer.apply(grads);
    });
    const grads = params.map(({ value }) => value.mul(0.5));
    for (let i = 0; i < 2; i++) await step(...grads);
    return launches.at(-1)!;
  };
  expect(await launchesFor(20)).toBe(await launchesFor(1));
});
