import { chooseBackend, readConfig, resolveBackend } from "@tenon/backend/node";
import { installResolver } from "./device.ts";
import * as eager from "./eager.ts";
import { installEager } from "./realize.ts";

export * from "./index.ts";

installEager(eager); // nothing is downloaded in Node

installResolver(async (argument) => {
  const env = process.env.TENON_BACKEND;
  const decided = argument !== undefined || (env !== undefined && env !== "");
  const config = decided ? undefined : await readConfig();
  return chooseBackend({ argument, env, config, resolve: (id) => resolveBackend(id) });
});
