import type { Branch, Item, Loop, While } from "@tenon/lowering";
import type { StepCode } from "./step.ts";

/** Writes an item that has others in it. */
export function writeControl(code: StepCode, item: Extract<Item, Loop | Branch | While>): void {
  if (item.kind === "loop") writeLoop(code, item);
  else if (item.kind === "branch") writeBranch(code, item);
  else writeWhile(code, item);
}

function writeLoop({ f, index, items }: StepCode, { variable, length, body }: Loop): void {
  const { i32 } = f;
  const counter = f.local("i32");
  f.set(counter, 0);
  index.bind(variable.name, counter);
  const end = index.of(length);
  f.block((exit) => {
    f.loop((again) => {
      f.brIf(exit, i32.ge_s(counter, end));
      items(body);
      f.set(counter, i32.add(counter, 1));
      f.br(again);
    });
  });
}

function writeBranch({ f, place, items }: StepCode, { index, branches }: Branch): void {
  const { i32 } = f;
  const chosen = f.let(i32.load(place(index, 4)));
  const last = branches.length - 1;
  f.block((exit) => {
    for (const [i, branch] of branches.slice(0, last).entries()) {
      f.if(i32.le_s(chosen, i), () => {
        items(branch);
        f.br(exit);
      });
    }
    items(branches[last]!);
  });
}

function writeWhile({ f, address, items }: StepCode, { condition, flag, body, most }: While): void {
  const { i32 } = f;
  const trips = f.local("i32");
  f.set(trips, 0);
  items(condition);
  f.block((exit) => {
    f.loop((again) => {
      f.brIf(exit, i32.eqz(i32.load8_u(address(flag))));
      if (most !== undefined) {
        f.brIf(exit, i32.ge_s(trips, most));
        f.set(trips, i32.add(trips, 1));
      }
      items(body);
      items(condition);
      f.br(again);
    });
  });
}
