import { expect, test } from "vitest";
import { expand } from "../expand.ts";
import { withIndexScope } from "../index-node.ts";
import { simplify } from "../simplify.ts";
import { fuse } from "./fuse.ts";
import { denseStep } from "./steps.test-kit.ts";

test("scratch", () => {
  withIndexScope(() => {
    const fn = simplify(expand(denseStep([784, 256, 256, 10])));
    const { groups } = fuse(fn, {
      templates: new Set(["dot", "sort"]),
      maxBuffers: Number.POSITIVE_INFINITY,
      fusion: true,
      needed: fn.results,
    });
    for (const g of groups)
      process.stderr.write(
        [
          g.kind,
          g.rows.map(String),
          g.nodes.map((n) => n.op.name + n.id).join(" "),
          "→",
          g.outputs.map((t) => t.node.op.name + t.node.id + "[" + t.shape + "]").join(" "),
        ].join(" ") + "\n",
      );
    expect(groups.length).toBeLessThan(20);
  });
});
