import type { FunctionBuilder } from "../assembler/function.ts";
import type { Local, Operand } from "../assembler/values.ts";
import type { Size } from "../index-code.ts";

/** Runs `body` for `variable` = `from`, `from + step` … while it is below `end`. */
export function stepping(
  f: FunctionBuilder,
  variable: Local<"i32">,
  { from, end, step = 1 }: { readonly from: Operand<"i32">; readonly end: Size; readonly step?: Size },
  body: () => void,
): void {
  const { i32 } = f;
  f.set(variable, from);
  f.block((exit) => {
    f.brIf(exit, i32.ge_s(variable, end));
    f.loop((again) => {
      body();
      f.brIf(again, i32.lt_s(f.tee(variable, i32.add(variable, step)), end));
    });
  });
}

/** The smaller of a value and a size. */
export function atMost(f: FunctionBuilder, value: Operand<"i32">, size: Size): Local<"i32"> {
  const local = f.local("i32");
  f.set(local, value);
  f.if(f.i32.gt_s(local, size), () => f.set(local, size));
  return local;
}

/** So many new locals. */
export function integers<const N extends number>(f: FunctionBuilder, count: N): Times<N, Local<"i32">> {
  return Array.from({ length: count }, () => f.local("i32")) as Times<N, Local<"i32">>;
}

type Times<N extends number, T, List extends T[] = []> = List["length"] extends N ? List : Times<N, T, [...List, T]>;
