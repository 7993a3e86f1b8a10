import { homedir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cacheFolder } from "./cache-folder.ts";
import { progressLine } from "./progress-line.ts";

test("files are kept where TENON_CACHE says, else where the platform wants them", () => {
  expect(cacheFolder({ TENON_CACHE: "/a", XDG_CACHE_HOME: "/b" }, "linux")).toBe("/a");
  expect(cacheFolder({ XDG_CACHE_HOME: "/b" }, "linux")).toBe(join("/b", "tenon"));
  expect(cacheFolder({}, "linux")).toBe(join(homedir(), ".cache", "tenon"));
  expect(cacheFolder({ XDG_CACHE_HOME: "/b" }, "darwin")).toBe(join(homedir(), "Library", "Caches", "tenon"));
  expect(cacheFolder({ LOCALAPPDATA: "/c" }, "win32")).toBe(join("/c", "tenon", "Cache"));
});

test("on a terminal progress is a line that is removed at the end; elsewhere it is nothing", () => {
  const progress = { dataset: "mnist", url: "https://example.org/mnist/a.gz", received: 5e6, total: 1e7 };
  for (const isTTY of [true, false]) {
    let written = "";
    const output = { isTTY, write: (text: string) => void (written += text) } as never;
    const line = progressLine(output);
    line.show(progress);
    line.show({ ...progress, received: 6e6 }); // too soon to be seen
    line.show({ ...progress, received: 1e7 });
    line.end();
    const pictures = ["5.0", "10.0"].map((done) => `\rmnist: ${done} of 10.0 MB from example.org\x1b[K`);
    expect(written).toBe(isTTY ? `${pictures.join("")}\r\x1b[K` : "");
  }
});
