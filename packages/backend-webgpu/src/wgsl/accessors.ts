import { type DType, dtypes } from "@tenon/ir";
import { valueTypeOf } from "@tenon/lowering";
import type { KernelSource, ShaderVariant, SlotUse } from "./source.ts";

/** How a module sees one of its bindings. */
export interface BindingUse {
  readonly access: "read" | "read_write";
  readonly element: "u32" | "vec4<u32>" | "atomic<u32>";
  /** Words of it, if they are known. */
  readonly words: number | undefined;
}

/** By binding, what the slots in it make of it. */
export function bindingsOf(
  { slots }: Pick<KernelSource, "slots">,
  { places }: Pick<ShaderVariant, "places">,
): readonly BindingUse[] {
  const count = 1 + Math.max(-1, ...places.map(({ binding }) => binding));
  return Array.from({ length: count }, (_, b) => {
    const here = slots.filter((_, s) => places[s]!.binding === b);
    const written = here.filter(({ access }) => access !== "read");
    const lengths = places.flatMap(({ binding, words }) => (binding === b ? [words] : []));
    const words = lengths.includes(undefined) ? undefined : Math.max(...(lengths as number[]));
    if (written.some(isNarrow)) return { access: "read_write", element: "atomic<u32>", words };
    if (written.length > 0) return { access: "read_write", element: "u32", words };
    // A store to one component of a vector may touch the others, which are another thread's: only what is read has vectors.
    const vectors = here.some((slot) => slot.vectors);
    return { access: "read", element: vectors ? "vec4<u32>" : "u32", words: vectors ? undefined : words };
  });
}

/** Elements of less than a word share it with their neighbours. */
const isNarrow = ({ dtype }: SlotUse): boolean => dtypes[dtype].byteLength < 4;

/** WGSL's names of the types in which kernels compute. */
const valueTypes = { float32: "f32", int32: "i32", uint32: "u32", bool: "bool" } as const;

/**
 * The functions by which a kernel reads and writes slot `s`, and those that they need, by name. A slot that is based begins at
 * element `bases`, a private variable.
 */
export function slotFunctions(
  slot: SlotUse,
  s: number,
  variant: ShaderVariant,
  bindings: readonly BindingUse[],
): { readonly text: string; readonly needs: readonly string[] } {
  const { binding, based } = variant.places[s]!;
  const { element } = bindings[binding]!;
  const memory = `memory${binding}`;
  const word = (at: string): string => {
    if (element === "atomic<u32>") return `atomicLoad(&${memory}[${at}])`;
    return element === "u32" ? `${memory}[${at}]` : `${memory}[(${at}) >> 2u][(${at}) & 3u]`;
  };
  const at = based ? `base${s} + u32(i)` : "u32(i)";
  const type = valueTypes[valueTypeOf(slot.dtype) as keyof typeof valueTypes];
  const { load, store, needs } = forms[slot.dtype]!;
  const perWord = 4 / dtypes[slot.dtype].byteLength;
  const functions: string[] = [];
  const shift = perWord === 4 ? "(at & 3u) * 8u" : "(at & 1u) * 16u";
  const bits = 32 / perWord;
  const whole = perWord === 4 ? "at >> 2u" : "at >> 1u";
  if (slot.access !== "write")
    functions.push(
      perWord === 1
        ? `fn load${s}(i: i32) -> ${type} { let at = ${at}; return ${load(word("at"))}; }`
        : `fn load${s}(i: i32) -> ${type} { let at = ${at}; return ${load(`extractBits(${word(whole)}, ${shift}, ${bits}u)`)}; }`,
    );
  if (slot.vectors) {
    const lanes = [0, 1, 2, 3].map((lane) => word(`at + ${lane}u`)).join(", ");
    const first = based ? `(base${s} >> 2u) + u32(i)` : "u32(i)";
    const four = element === "vec4<u32>" ? `${memory}[${first}]` : `vec4<u32>(${lanes})`;
    const start = element === "vec4<u32>" ? "" : `let at = 4u * (${first}); `;
    functions.push(`fn vector${s}(i: i32) -> vec4<f32> { ${start}return bitcast<vec4<f32>>(${four}); }`);
  }
  if (slot.access !== "read")
    functions.push(
      perWord > 1
        ? `fn store${s}(i: i32, value: ${type}) {
  let at = ${at};
  let shift = ${shift};
  // just this element's bits: nobody else writes them, and its neighbours' stay as they are
  let change = ((atomicLoad(&${memory}[${whole}]) >> shift) ^ ${store("value")}) & ${2 ** bits - 1}u;
  atomicXor(&${memory}[${whole}], change << shift);
}`
        : element === "atomic<u32>"
          ? `fn store${s}(i: i32, value: ${type}) { atomicStore(&${memory}[${at}], ${store("value")}); }`
          : `fn store${s}(i: i32, value: ${type}) { ${memory}[${at}] = ${store("value")}; }`,
    );
  const used = needs.filter((name) => functions.some((text) => text.includes(name)));
  return { text: functions.join("\n"), needs: used };
}

/** A value from the bits of an element, and back; bits above the element's own may be anything after `store`. */
interface Form {
  load(bits: string): string;
  store(value: string): string;
  readonly needs: readonly string[];
}

const form = (load: Form["load"], store: Form["store"], ...needs: readonly string[]): Form => ({ load, store, needs });
const same = (x: string): string => x;
const word = (x: string): string => `bitcast<u32>(${x})`;
/** Bits of an integer with its sign brought to the front of a word and back. */
const signed = (bits: number) => form((x) => `(bitcast<i32>(${x} << ${32 - bits}u) >> ${32 - bits}u)`, word);

const forms: Readonly<Partial<Record<DType, Form>>> = {
  bool: form(
    (x) => `(${x} != 0u)`,
    (x) => `u32(${x})`,
  ),
  int8: signed(8),
  int16: signed(16),
  int32: form((x) => `bitcast<i32>(${x})`, word),
  uint8: form(same, same),
  uint16: form(same, same),
  uint32: form(same, same),
  float16: form(
    (x) => `fromHalf(${x})`,
    (x) => `toHalf(${x})`,
    "fromHalf",
    "toHalf",
  ),
  bfloat16: form(
    (x) => `bitcast<f32>(${x} << 16u)`,
    (x) => `(${word(x)} >> 16u)`,
  ),
  float32: form((x) => `bitcast<f32>(${x})`, word),
};
