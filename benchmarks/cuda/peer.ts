import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

type Answer = Readonly<Record<string, unknown>>;

/** The answers among what a process prints: libraries may print lines of their own. */
async function* answersIn(lines: AsyncIterable<string>): AsyncGenerator<string, undefined> {
  for await (const line of lines) if (line.startsWith("{")) yield line;
}

/** PyTorch in a process of its own, asked line by line. */
export class Peer {
  readonly version: string;
  readonly device: string;
  readonly modes: readonly string[];
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  private constructor(child: ChildProcess, answers: AsyncIterator<string>, hello: Answer) {
    child.stdin!.on("error", () => {}); // it has ended, which its answers tell
    this.#child = child;
    this.#answers = answers;
    this.version = String(hello.torch);
    this.device = String(hello.device);
    this.modes = hello.modes as readonly string[];
  }

  /** The peer, or why there is none. `python` is the program that has PyTorch. */
  static async start(python: string, device: string): Promise<Peer | string> {
    const script = fileURLToPath(new URL("peers.py", import.meta.url));
    const child = spawn(python, ["-B", script, device], { stdio: ["pipe", "pipe", "inherit"] });
    const failed = new Promise<string>((resolve) => {
      child.on("error", (error) => resolve(`${python} cannot be started: ${error.message}`));
    });
    const answers = answersIn(createInterface({ input: child.stdout! }));
    const first = await Promise.race([failed, answers.next()]);
    if (typeof first === "string") return first;
    if (first.done === true) return `${python} ended before it answered`;
    const hello = JSON.parse(first.value) as Answer;
    return typeof hello.absent === "string" ? hello.absent : new Peer(child, answers, hello);
  }

  /** The answer to a request; throws where it is an error. */
  async ask(request: Answer): Promise<Answer> {
    this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error("PyTorch's process ended");
    const answer = JSON.parse(value) as Answer; // Python writes NaN, which is none
    if (typeof answer.error === "string") throw new Error(answer.error);
    return answer;
  }

  stop(): void {
    this.#child.stdin!.end();
  }
}
