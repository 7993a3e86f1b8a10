import type { ClaimedResult } from "@tenon/lowering";
import { epilogueAt, type GivenValue, KernelWriter } from "@tenon/lowering";
import type { Local } from "../assembler/values.ts";
import type { Body } from "../render/body.ts";
import { loadOne } from "../render/memory.ts";
import type { LaneLoop } from "../render/places.ts";
import type { Cell, Node } from "../render/tape.ts";
import { variationOf } from "../render/variation.ts";
import { type Attention, LOWEST, type OnScore, shareOf, shownScore } from "./attention-rows.ts";
import type { Template } from "./template.ts";

type Int = Local<"i32">;

/** A panel of scores: rows of eight queries, `seen` of them, one for each key. */
export interface ScorePanel {
  readonly head: Int;
  /** The first query, and how many there are. */
  readonly query: Int;
  readonly present: Int;
  readonly seen: Int;
  readonly scores: Int;
  /** Three rows: the largest scores, the sums of exponentials, and the logarithms of these. */
  readonly tops: Int;
}

/** The lanes of one vector of queries or of both. */
export interface Queries {
  readonly copies: readonly number[];
  readonly rest?: Node;
}

/** Puts exponentials of scores in their place, and writes their sums. */
export function writeSoftmax(template: Template, of: Attention, panel: ScorePanel, lse: ClaimedResult): void {
  const [shown, share] = [shownScore(of), shareOf(of)];
  const variables = [
    [of.head, panel.head],
    [of.query, panel.query],
  ] as const;
  template.write(variables, (body, local) => {
    const { tape, lanes } = body;
    const [scores, seen, tops, query] = [panel.scores, panel.seen, panel.tops, panel.query].map(local) as [
      Node,
      Node,
      Node,
      Node,
    ];
    const number = (x: number): Node => lanes.splat(lanes.constant("float32", x), "float32");

    const onQueries = ({ copies, rest }: Queries): void => {
      const each = (
        block: OnScore,
        top: readonly Node[] | undefined,
        use: (value: Node, copy: number) => void,
      ): void => {
        const first = copies[0] === 0 ? query : lanes.integer("add", query, lanes.i32(4));
        const variation = variationOf(block.statements, of.query);
        const open: LaneLoop = { variable: of.query, first, copies: copies.length, variation, ...(rest && { rest }) };
        tape.loop(tape.cell("i32", lanes.i32(0)), seen, 1, (key) => {
          const row = lanes.integer("add", scores, lanes.integer("mul", key, lanes.i32(32)));
          body.variables.set(of.key, key);
          body.values.set(
            block.given,
            copies.map((copy) => tape.read("v128.load", [row], 16 * copy)),
          );
          if (top !== undefined) body.values.set(block.top, top);
          body.within(open, () => body.statements(block.statements));
          for (const [i, copy] of copies.entries()) {
            const value = lanes.splat(body.value(block.value, i), "float32");
            tape.store("v128.store", [row, value], 16 * copy);
            use(value, i);
          }
        });
      };
      const largest = copies.map(() => tape.cell("v128", number(LOWEST)));
      each(shown, undefined, (value, i) => gather(body, "maximum", largest[i]!, value));
      const sums = copies.map(() => tape.cell("v128", number(0)));
      const top = largest.map((cell) => tape.copy(cell));
      each(share, top, (value, i) => gather(body, "add", sums[i]!, value));
      for (const [i, copy] of copies.entries()) {
        const sum = tape.copy(sums[i]!);
        const some = tape.pure("f32x4.gt", [sum, number(0)]);
        tape.store("v128.store", [tops, top[i]!], 16 * copy);
        tape.store("v128.store", [tops, lanes.select(some, sum, number(1), "float32")], 32 + 16 * copy);
      }
    };

    onPanel(body, of, local(panel.present), onQueries);
  });
  if (lse.epilogue.length > 0) writeLogarithms(template, of, panel, lse);
}

/** Runs `write` for eight queries; where fewer are there, and masks of them are read, for each vector of them. */
export function onPanel({ tape, lanes }: Body, of: Attention, present: Node, write: (queries: Queries) => void): void {
  const whole = (): void => write({ copies: [0, 1] });
  const otherwise = (): void => {
    write({ copies: [0], rest: present });
    write({ copies: [1], rest: lanes.choose("max", lanes.integer("sub", present, lanes.i32(4)), lanes.i32(0)) });
  };
  const full = lanes.apply("eq", "int32", present, lanes.i32(8));
  if (of.extras.length === 0) whole();
  else tape.if(full, whole, { otherwise, closed: true });
}

function gather(body: Body, combine: "maximum" | "add", cell: Cell, value: Node): void {
  body.tape.set(cell, body.combine(combine, "float32", body.tape.get(cell), value));
}

/** The logarithms of the sums of exponentials, each where it belongs. */
function writeLogarithms(
  template: Template,
  of: Attention,
  { head, query, present, tops }: ScorePanel,
  lse: ClaimedResult,
): void {
  const writer = new KernelWriter();
  const [top, sum]: [GivenValue, GivenValue] = [writer.given("float32"), writer.given("float32")];
  const value = writer.alu("add", [writer.alu("log", [sum]), top]);
  const statements = [...writer.statements, ...epilogueAt(lse, [of.example, of.headOfExample, of.query], value)];
  template.write([[of.head, head]], (body, local) => {
    const { tape, lanes } = body;
    tape.loop(tape.cell("i32", lanes.i32(0)), local(present), 1, (i) => {
      const pointer = lanes.integer("add", local(tops), lanes.integer("mul", i, lanes.i32(4)));
      body.variables.set(of.query, lanes.integer("add", local(query), i));
      body.values.set(top, loadOne(lanes, "float32", { pointer, offset: 0 }));
      body.values.set(sum, loadOne(lanes, "float32", { pointer, offset: 32 }));
      body.statements(statements);
    });
  });
}
