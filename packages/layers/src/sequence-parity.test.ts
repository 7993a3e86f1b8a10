import "@tenon/interpreter";
import { setBackend } from "@tenon/tensor";
import { beforeAll } from "vitest";
import { describeAttentionParity } from "./attention-parity.test-kit.ts";
import { describeRecurrentParity } from "./recurrent-parity.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

describeRecurrentParity();
describeAttentionParity();
