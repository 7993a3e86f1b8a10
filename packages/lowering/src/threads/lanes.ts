import type { Register } from "../kernel/kernel.ts";
import type { Lanes } from "./language.ts";
import type { Source } from "./source.ts";

/**
 * One value of what the threads of a workgroup have in registers, for all of them: by exchange inside of each group of lanes, then
 * of the groups' values in each of them.
 *
 * @param shared An array in which each of so many groups has its value of a register.
 */
export function joinLanes(
  source: Source,
  registers: readonly Register[],
  threads: number,
  { count, across }: Lanes,
  shared: (register: Register, count: number) => string,
): void {
  const { language } = source;
  const { thread, alu } = language;
  const groups = threads / count;
  const exchange = (values: number): void => {
    for (let bit = values / 2; bit >= 1; bit /= 2) {
      for (const register of registers) {
        const { combine, type } = register;
        const [name, other] = [source.register(register), source.fresh()];
        source.line(language.let(other, type, across(name, type, bit))); // by itself: not all lanes may come to it in an expression
        source.line(`${name} = ${language.combine(combine, type, name, other)};`);
      }
    }
  };
  exchange(count);
  const arrays = groups === 1 ? [] : registers.map((register) => shared(register, groups));
  if (groups > 1) {
    source.if(alu("eq", [alu("and", [thread, String(count - 1)], "int32", "int32"), "0"], "int32", "bool"), () => {
      for (const [i, register] of registers.entries()) {
        const group = alu("shr", [thread, String(Math.log2(count))], "int32", "int32");
        source.line(`${arrays[i]}[${group}] = ${source.register(register)};`);
      }
    });
  }
  source.line(language.barrier); // also for what is stored behind it over what was read before
  if (groups === 1) return;
  const lane = alu("and", [thread, String(groups - 1)], "int32", "int32");
  for (const [i, register] of registers.entries()) source.line(`${source.register(register)} = ${arrays[i]}[${lane}];`);
  exchange(groups);
}
