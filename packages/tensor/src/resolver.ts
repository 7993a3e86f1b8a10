import { pickBackend } from "@tenon/backend";
import { installResolver } from "./device.ts";

// Without a file system only what the program has imported can be found.
installResolver((argument = "auto") => pickBackend(argument, "argument"));
