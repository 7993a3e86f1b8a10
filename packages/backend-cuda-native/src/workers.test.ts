import { spawnSync } from "node:child_process";
import { expect } from "vitest";
import { ensureAddon } from "../../../scripts/native.mjs";
import { testEmulatedDevice } from "./emulated-device.test-kit.ts";
import { candidatesOf } from "./libraries.ts";

/** Reads from the device until its worker is ended. */
const reading = `
const { parentPort, workerData } = require("node:worker_threads");
const device = new (require(workerData.addon).Driver)(workerData.driver).open(0);
const address = device.alloc(64);
(async () => {
  for (;;) await Promise.all(Array.from({ length: 8 }, () => device.read(address, 64)));
})();
parentPort.postMessage("reading");
`;

/** Starts such workers beside each other, and ends each in the middle. */
const ending = `
const { once } = require("node:events");
const { Worker } = require("node:worker_threads");
const [code, addon, ...driver] = process.argv.slice(1);
const one = async (ms) => {
  const worker = new Worker(code, { eval: true, workerData: { addon, driver } });
  await once(worker, "message");
  setTimeout(() => worker.terminate(), ms);
  await once(worker, "exit");
};
(async () => {
  for (let i = 0; i < 12; i++) await Promise.all([one(i), one(i + 1), one(2 * i)]);
  console.log("all ended");
})();
`;

testEmulatedDevice(
  "workers may use a device beside each other, and be ended while they do",
  { timeout: 60_000 },
  () => {
    const args = ["-e", ending, reading, ensureAddon(), ...candidatesOf("driver")];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect({ status, stdout }, stderr).toEqual({ status: 0, stdout: "all ended\n" });
  },
);
