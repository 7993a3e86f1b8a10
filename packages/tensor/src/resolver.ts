import { backendOf } from "@tenon/backend";
import { installResolver } from "./device.ts";

installResolver(async (choice) => ({ factory: backendOf(choice ?? "interpreter") }));
