/**
 * A trained network of 260,000 parameters tells a story: a Llama, with its weights from a file and its words from another.
 * It takes what is likeliest at each place, so that the text is known: it has to be equal to the one that comes with the file.
 *
 * npm run example -- stories [--tokens N] [--seed N] [--backend ID] [--json]
 *
 * The files are looked for in $TENON_DATA/stories260k. Without them a network with random weights shows that writing token by
 * token, from what is kept of those before, gives the same as reading the whole text anew for each.
 */
import { join } from "node:path";
import { key, spec } from "@tenon/tensor";
import { refuse, start } from "../shared/start.ts";
import { readWeights } from "../shared/weights.ts";
import { Llama, type LlamaOptions, write, writeAnew } from "./llama.ts";
import { readFileIf, readTokenizer } from "./tokenizer.ts";

const { tokens, seed, check } = await start("stories", { tokens: 256 });
const folder = join(process.env.TENON_DATA ?? "", "stories260k");
const BEGIN = 1; // the token that begins a text

const weights = await readFileIf(join(folder, "stories260K.safetensors"));
if (weights === undefined) await showRandom();
else await tell(weights).catch(refuse);

/** The story, compared with the one that is expected. */
async function tell(bytes: Uint8Array): Promise<void> {
  const sizes: LlamaOptions = { words: 512, length: 512, width: 64, hidden: 172, blocks: 5, heads: 8, kvHeads: 4 };
  const model = new Llama(sizes).build({ key: key(0), inputs: spec(["B", "T"], "int32") });
  model.assign(readWeights(bytes));
  const tokenizer = readTokenizer((await readFileIf(join(folder, "tok512.bin")))!, sizes.words);
  const began = performance.now();
  const ids = await write(model, [BEGIN], tokens);
  const seconds = (performance.now() - began) / 1000;
  const text = tokenizer.decode(ids);
  console.log(`${text}\n`);
  console.log(`${tokens} tokens in ${seconds.toFixed(1)} s`);
  const expected = new TextDecoder().decode(await readFileIf(join(folder, "expected-greedy.txt")));
  const wanted = expected.trimEnd().slice(0, text.trimEnd().length);
  const equal = text.trimEnd() === wanted && (tokens < 256 || wanted === expected.trimEnd());
  check(equal, "the text is the expected one, letter by letter", { weights: "stories260K", tokens, seconds, equal });
}

/** The same network with random weights writes nonsense, but twice the same. */
async function showRandom(): Promise<void> {
  console.log("There is no stories260k in TENON_DATA, so this is a tiny network with random weights, and no story.");
  const sizes: LlamaOptions = { words: 32, length: 48, width: 16, hidden: 24, blocks: 2, heads: 4, kvHeads: 2 };
  const model = new Llama(sizes).build({ key: key(seed + 1), inputs: spec(["B", "T"], "int32") });
  const count = Math.min(tokens, 24);
  const [kept, anew] = [await write(model, [BEGIN], count), await writeAnew(model, [BEGIN], count)];
  console.log(`step by step: ${kept.join(" ")}\nread anew:    ${anew.join(" ")}`);
  const equal = String(kept) === String(anew);
  check(equal, "step by step it writes what it writes when it reads all anew", { weights: "random", equal });
}
