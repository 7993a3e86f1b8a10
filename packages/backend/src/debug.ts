/** Whether `TENON_DEBUG`, words with commas between them, has a word. */
export function debugs(word: string): boolean {
  const { process } = globalThis as { readonly process?: { readonly env?: Readonly<Record<string, string>> } };
  return process?.env?.TENON_DEBUG?.split(",").includes(word) ?? false;
}
