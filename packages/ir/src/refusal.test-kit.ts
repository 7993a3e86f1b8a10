/** The text of the error that `body` throws, without the line of the test. */
export function refusal(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    return String(error).replace(/\n {2}at: \S+\.test\.ts:\d+/, "");
  }
  return "nothing was refused";
}
