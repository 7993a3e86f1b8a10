import { expectBand } from "../../../conformance/src/network-losses.test-kit.ts";
import { networks } from "../../../conformance/src/networks.test-kit.ts";
import { cudaNative } from "../backend.ts";
import { testEmulatedDevice } from "../emulated-device.test-kit.ts";
import { expectFlat } from "../on-device.test-kit.ts";

const library = () => cudaNative({ cache: false, debug: { smallProducts: true } });

testEmulatedDevice("a transformer learns by products of the library", { timeout: 120_000 }, () =>
  expectBand(networks["char-gpt"]!, library(), 3),
);

testEmulatedDevice("steps with products of the library leave the device as it was", { timeout: 120_000 }, () =>
  expectFlat(library(), 60),
);
