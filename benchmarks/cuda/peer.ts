import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

type Answer = Readonly<Record<string, unknown>>;

/** PyTorch in a process of its own, asked line by line. */
export class Peer {
  readonly version: string;
  readonly device: string;
  readonly modes: readonly string[];
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, hello: Answer) {
    child.stdin!.on("error", () => {}); // it has ended, which its answers tell
    this.#child = child;
    this.#lines = lines;
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
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    const first = await Promise.race([failed, lines.next()]);
    if (typeof first === "string") return first;
    if (first.done === true) return `${python} ended before it answered`;
    const hello = JSON.parse(first.value) as Answer;
    return typeof hello.absent === "string" ? hello.absent : new Peer(child, lines, hello);
  }

  /** The answer to a request; throws where it is an error. */
  async ask(request: Answer): Promise<Answer> {
    this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error("PyTorch's process ended");
    const answer = JSON.parse(value) as Answer;
    if (typeof answer.error === "string") throw new Error(answer.error);
    return answer;
  }

  stop(): void {
    this.#child.stdin!.end();
  }
}
