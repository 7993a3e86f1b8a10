import type * as prose from "./prose.ts";
import { kindOf } from "./walk.ts";

/** What stands at a place of a tree, in a word. */
export const describe: typeof prose.describe = kindOf;
