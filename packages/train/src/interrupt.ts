/** The parts of Node's `process` that are used where they exist. */
interface Host {
  on?(event: "SIGINT", listener: () => void): unknown;
  off?(event: "SIGINT", listener: () => void): unknown;
}

/**
 * Calls `action` at the first Ctrl-C; the second one is the program's, which ends by it unless it listens itself. Returns
 * what takes the listener away. Does nothing where there are no signals.
 */
export function onInterrupt(action: () => void): () => void {
  const { process } = globalThis as { process?: Host };
  const listener = (): void => {
    process?.off?.("SIGINT", listener);
    action();
  };
  process?.on?.("SIGINT", listener);
  return () => process?.off?.("SIGINT", listener);
}
