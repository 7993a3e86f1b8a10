import type { Local } from "../assembler/values.ts";
import type { LaneLoop } from "../render/places.ts";
import type { Node } from "../render/tape.ts";
import { variationOf } from "../render/variation.ts";
import { type Attention, sharesAgain } from "./attention-rows.ts";
import { onPanel, type Queries } from "./attention-softmax.ts";
import type { Template } from "./template.ts";

type Int = Local<"i32">;

/** Panels of products, rows of eight queries, one for each key: of queries with keys, and of cotangents with values. */
export interface SharePanels {
  readonly head: Int;
  readonly query: Int;
  readonly present: Int;
  readonly seen: Int;
  readonly scores: Int;
  readonly cotangents: Int;
  /** Of each query the logarithm of its sum of exponentials, and what its cotangents are less. */
  readonly logarithms: Int;
  readonly deltas: Int;
}

/** Puts shares in the place of scores, and the cotangents of scores, times the scale, in that of cotangents of shares. */
export function writeShares(template: Template, of: Attention, panel: SharePanels): void {
  const block = sharesAgain(of);
  const variables = [
    [of.head, panel.head],
    [of.query, panel.query],
  ] as const;
  template.write(variables, (body, local) => {
    const { tape, lanes } = body;
    const vector = (at: Int, copy: number): Node => tape.read("v128.load", [local(at)], 16 * copy);
    onPanel(body, of, local(panel.present), ({ copies, rest }: Queries) => {
      body.values.set(
        block.logarithm,
        copies.map((copy) => vector(panel.logarithms, copy)),
      );
      body.values.set(
        block.delta,
        copies.map((copy) => vector(panel.deltas, copy)),
      );
      const variation = variationOf(block.statements, of.query);
      const first = lanes.integer("add", local(panel.query), lanes.i32(copies[0] === 0 ? 0 : 4));
      const open: LaneLoop = { variable: of.query, first, copies: copies.length, variation, ...(rest && { rest }) };
      tape.loop(tape.cell("i32", lanes.i32(0)), local(panel.seen), 1, (key) => {
        const offset = lanes.integer("mul", key, lanes.i32(32));
        const [scores, cotangents] = [panel.scores, panel.cotangents].map((at) =>
          lanes.integer("add", local(at), offset),
        ) as [Node, Node];
        body.variables.set(of.key, key);
        for (const [given, row] of [
          [block.score, scores],
          [block.cotangent, cotangents],
        ] as const)
          body.values.set(
            given,
            copies.map((copy) => tape.read("v128.load", [row], 16 * copy)),
          );
        body.within(open, () => body.statements(block.statements));
        for (const [i, copy] of copies.entries()) {
          tape.store("v128.store", [scores, body.value(block.share, i)], 16 * copy);
          tape.store("v128.store", [cotangents, body.value(block.change, i)], 16 * copy);
        }
      });
    });
  });
}
