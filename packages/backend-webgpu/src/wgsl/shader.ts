import { rare } from "../parts.ts";
import { bindingsOf, slotFunctions } from "./accessors.ts";
import type { KernelSource, ShaderVariant } from "./source.ts";
import { tableLayout, VECTOR } from "./table.ts";

/** The numbers of the bindings that come after those of the slots. */
export const tableBinding = (memories: number): number => memories;
export const guardBinding = (memories: number): number => memories + 1;

/**
 * The WGSL module of a kernel: the memory that its slots lie in, how they are read and written, and an entry point `main` that finds
 * out which instance a workgroup works for. Workgroups are counted along x, then y.
 *
 * @param halves Whether the device has `shader-f16`; without it 16-bit floats are taken apart in integers.
 */
export function shaderText(source: KernelSource, variant: ShaderVariant, halves = false): string {
  const bindings = bindingsOf(source, variant);
  const accessors = source.slots.map((slot, s) => slotFunctions(slot, s, variant, bindings));
  const needs = [...new Set(accessors.flatMap((a) => a.needs))];
  const native = halves && needs.length > 0;
  return [
    ...(native ? ["enable f16;"] : []),
    ...bindings.map(
      ({ access, element, words }, b) =>
        `@group(0) @binding(${b}) var<storage, ${access}> memory${b}: array<${element}${words === undefined ? "" : `, ${words}`}>;`,
    ),
    `@group(0) @binding(${tableBinding(bindings.length)}) var<uniform> table: array<vec4<u32>, ${variant.tableLength}>;`,
    ...(variant.guarded ? [`@group(0) @binding(${guardBinding(bindings.length)}) var<uniform> guard: vec4<u32>;`] : []),
    ...variant.places.flatMap(({ based }, s) => (based ? [`var<private> base${s}: u32;`] : [])),
    ...needs.map((name) => (native ? rare.now.nativeFunctions : rare.now.accessorFunctions)[name]!),
    ...accessors.map(({ text }) => text),
    source.declarations,
    entryPoint(source, variant),
  ].join("\n");
}

function entryPoint(source: KernelSource, variant: ShaderVariant): string {
  const { stride, scalars, bases } = tableLayout(source, variant.places);
  const word = (w: number): string => `words${Math.floor(w / VECTOR)}[${w % VECTOR}]`;
  const { several, guarded } = variant;
  const lines = [
    ...(guarded ? ["if (guard.x == 0u) { return; }"] : []),
    "let place = workgroup.x + workgroup.y * workgroups.x;",
    "if (place >= table[0].y) { return; }",
    ...(several ? search(stride) : ["let instance = 1u;"]),
    // as vectors: components of an array that are asked for one at a time take several times as long on a processor
    ...Array.from({ length: stride }, (_, i) => `let words${i} = table[instance + ${i}u];`),
    several ? `let group = place - ${word(0)};` : "let group = place;",
    ...scalars.map((w, i) => `let n${i} = bitcast<i32>(${word(w)});`),
    ...bases.flatMap((w, s) => (w === undefined ? [] : [`base${s} = ${word(w)};`])),
  ];
  return `@compute @workgroup_size(${source.threads})
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  ${lines.join("\n  ")}
  {
${source.body}
  }
}
`;
}

/** The last instance whose first workgroup is not behind this one. All threads of a workgroup go the same way. */
const search = (stride: number): readonly string[] => [
  "var low = 0u;",
  "var high = table[0].x;",
  "while (high - low > 1u) {",
  "  let middle = (low + high) >> 1u;",
  `  let words = table[1u + middle * ${stride}u];`,
  "  if (words.x <= place) { low = middle; } else { high = middle; }",
  "}",
  `let instance = 1u + low * ${stride}u;`,
];
