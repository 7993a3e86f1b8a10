import { expect, test } from "vitest";
import { expectBand } from "../../conformance/src/network-losses.test-kit.ts";
import { networks, wideNetworks } from "../../conformance/src/networks.test-kit.ts";
import { cudaNative } from "./backend.ts";
import { openDriver, whyNoDevice } from "./device.ts";
import { expectFlat, expectPrecision, expectRelay, expectRoomAgain } from "./on-device.test-kit.ts";

const gpu = cudaNative();
const count = openDriver().count();
const each = Array.from({ length: count }, (_, device) => device);

test.each(Object.entries(networks))("50 steps of %s, narrow, stay in the interpreter's band", (_, network) =>
  expectBand(network, gpu, 50),
);

test.each(Object.entries(wideNetworks))("50 steps of %s stay in the interpreter's band", (_, network) =>
  expectBand(network, gpu, 50),
);

test("a step that was begun on cpu-js goes on, and then there again", () => expectRelay(gpu, 20));

test("10,000 steps leave the device and the process as they were", () => expectFlat(gpu, 10_000));

test("where the memory ends, what is released can be had again", () => expectRoomAgain(gpu, 2 ** 30));

test.each(["tf32", "bfloat16"] as const)("products of %s round their factors", (precision) =>
  expectPrecision(gpu, precision),
);

test.each(each)("GPU %i trains", (device) => expectBand(networks["mnist-mlp"]!, cudaNative({ device }), 10));

test("the number after the last GPU's is refused", () => {
  expect(whyNoDevice({ device: count })).toBe(`there is no GPU ${count}, of ${count}`);
});
