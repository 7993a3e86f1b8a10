/** Versions of the op sets that Tenon defines, by namespace. */
const opsets: Readonly<Record<string, number>> = { core: 1, nn: 1, math: 1, ad: 1, rng: 1 };

/** The version of a standard op set, or undefined for a third party's. */
export const opsetVersion = (namespace: string): number | undefined =>
  Object.hasOwn(opsets, namespace) ? opsets[namespace] : undefined;

export const standardOpsets = Object.keys(opsets) as readonly string[];
