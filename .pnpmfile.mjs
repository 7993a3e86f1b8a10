/**
 * Node's packages for Windows state their platform as a string where pnpm reads a list, and would be fetched
 * on every platform.
 */
function readPackage(manifest) {
  for (const field of ["os", "cpu"]) {
    if (typeof manifest[field] === "string") manifest[field] = [manifest[field]];
  }
  return manifest;
}

export const hooks = { readPackage };
