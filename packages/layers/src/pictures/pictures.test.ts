import { dense, dropout, embedding, flatten, Layer, normal, sequential } from "@tenon/layers";
import { toMermaid, toSvg } from "@tenon/layers/pictures";
import { type Context, concat, key, relu, scan, spec, type Tensor, zeros } from "@tenon/tensor";
import "@tenon/interpreter";
import { expect, test } from "vitest";
import { layered } from "./layered.ts";
import { spread } from "./spread.ts";

class Residual extends Layer {
  inner = sequential([dense(4, { activation: "relu" }), dropout(0.1), dense(4)]);
  override forward(x: Tensor, ctx: Context): Tensor {
    return relu(x.add(this.inner.call(x, ctx)));
  }
}

/** Two inputs, two outputs, and one layer that is called twice. */
class Twins extends Layer<{ a: Tensor; b: Tensor }, { near: Tensor; far: Tensor }> {
  encoder = dense(8);
  near = dense(1);
  far = dense(1, { activation: "sigmoid" });
  override forward({ a, b }: { a: Tensor; b: Tensor }, ctx: Context) {
    const both = concat([this.encoder.call(a, ctx), this.encoder.call(b, ctx)], { axis: -1 });
    return { near: this.near.call(both, ctx), far: this.far.call(both, ctx) };
  }
}

const key0 = key(0);
const residual = sequential([dense(4), new Residual()]).build({ key: key0, inputs: spec(["B", 3]) });
const twins = new Twins().build({ key: key0, inputs: { a: spec(["B", 2]), b: spec(["B", 2]) } });

test("a flowchart has a subgraph for each layer with layers, and the layers that a sum is of", () => {
  expect(toMermaid(residual)).toMatchInlineSnapshot(`
    "flowchart TD
      n1(["input<br/>[B, 3]"])
      n2["dense 4<br/>[B, 4]<br/>16 parameters"]
      subgraph n3["residual"]
        subgraph n4["inner"]
          n5["dense 4 relu<br/>[B, 4]<br/>20 parameters"]
          n6["dropout 0.1<br/>[B, 4]"]
          n7["dense 4<br/>[B, 4]<br/>20 parameters"]
        end
        n8(("+"))
        n9("relu")
      end
      n10(["output<br/>[B, 4]"])
      n1 --> n2
      n2 --> n5
      n5 --> n6
      n6 --> n7
      n2 --> n8
      n7 --> n8
      n8 --> n9
      n9 --> n10
    "
  `);
});

test("a flowchart has inputs and outputs by name, and a shared layer once for each call", () => {
  expect(toMermaid(twins)).toMatchInlineSnapshot(`
    "flowchart TD
      n1(["a<br/>[B, 2]"])
      n2(["b<br/>[B, 2]"])
      n3["dense 8<br/>encoder<br/>[B, 8]<br/>24 parameters"]
      n4["dense 8<br/>encoder<br/>[B, 8]<br/>shared"]
      n5["dense 1<br/>near<br/>[B, 1]<br/>17 parameters"]
      n6["dense 1 sigmoid<br/>far<br/>[B, 1]<br/>17 parameters"]
      n7("concatenate")
      n8(["near<br/>[B, 1]"])
      n9(["far<br/>[B, 1]"])
      n1 --> n3
      n2 --> n4
      n7 --> n5
      n7 --> n6
      n3 --> n7
      n4 --> n7
      n5 --> n8
      n6 --> n9
    "
  `);
});

test("a picture has every label, each tag closed, and the same text each time", () => {
  const svg = toSvg(residual);
  expect(svg).toBe(toSvg(residual));
  const texts = [...svg.matchAll(/>([^<>\n]+)</g)].map(([, text]) => text);
  expect(texts).toEqual(
    expect.arrayContaining(["input", "dense", "4 relu", "20 params", "+", "relu", "residual", "inner"]),
  );
  expect(texts.filter((text) => text === "[B, 4]").length).toBe(5); // four layers and the output
  const opened = [...svg.matchAll(/<(svg|g|text|tspan)\b/g)].length;
  expect(opened).toBe([...svg.matchAll(/<\/(svg|g|text|tspan)>/g)].length);
  expect(svg).toContain("<title>sequential, 56 parameters</title>");
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
});

test("depth keeps what is inside out of the picture, and counts its parameters", () => {
  expect(toMermaid(residual, { depth: 1 })).toContain('n3["residual<br/>[B, 4]<br/>40 parameters"]');
  expect(toMermaid(residual, { depth: 2 })).toContain("subgraph");
  expect(() => toSvg(residual, { depth: 0 })).toThrow("E803 toSvg: depth is 0, which is no whole number from 1");
  expect(() => toSvg(residual, { deep: 1 } as never)).toThrow("E801 toSvg: unknown option deep");
});

test("blocks that are alike and follow one another are drawn once, with their number", () => {
  const deep = (blocks: Layer[]) => sequential([dense(4), ...blocks]).build({ key: key0, inputs: spec(["B", 3]) });
  const three = deep([new Residual(), new Residual(), new Residual()]);
  expect(toMermaid(three)).toContain('subgraph n3["residual × 3"]');
  expect(toMermaid(three).match(/inner/g)).toHaveLength(1);
  expect(toSvg(three)).toContain(">× 3</text>");
  expect(toMermaid(three, { fold: false }).match(/inner/g)).toHaveLength(3);
  const shared = new Residual();
  expect(toMermaid(deep([shared, shared]))).not.toContain("×"); // one layer that is called twice
  expect(toMermaid(sequential([dense(4), dense(4)]).build({ key: key0, inputs: spec(["B", 4]) }))).not.toContain("×");
});

test("initialisers are left out, with their settings", () => {
  const model = sequential([dense(2, { kernelInit: normal({ stddev: 0.1 }) })]).build({
    key: key0,
    inputs: spec(["B", 3]),
  });
  expect(toMermaid(model)).toContain('["dense 2<br/>');
});

test("signs that Mermaid and SVG mean something by are written as text", () => {
  class Odd extends Layer {
    override describe(): string {
      return 'odd "<b>" & #1;';
    }
    override forward(x: Tensor): Tensor {
      return x.mul(2);
    }
  }
  const model = sequential([new Odd()]).build({ key: key0, inputs: spec(["B", 3]) });
  expect(toMermaid(model)).toContain('["odd #quot;#lt;b#gt;#quot; & #35;1;<br/>[B, 3]"]');
  expect(toSvg(model)).toContain("&quot;&lt;b&gt;&quot; &amp; #1;");
});

test("a layer that is called in a loop is drawn once, between the layer's input and its output", () => {
  class Loop extends Layer {
    cell = dense(3, { activation: "tanh" });
    override forward(x: Tensor, ctx: Context): Tensor {
      const [h] = scan((h: Tensor, at: Tensor) => [this.cell.call(h.add(at), ctx), h] as const, zeros([2, 3]), x);
      return h;
    }
  }
  const model = sequential([new Loop()]).build({ key: key0, inputs: spec([5, 2, 3]) });
  expect(toMermaid(model).match(/dense/g)).toHaveLength(1);
  expect(toMermaid(model)).toContain("n1 --> n3\n");
});

test("a picture of a model that is not built is refused", () => {
  expect(() => toSvg(sequential([flatten(), embedding(3, 2), dense(1)]))).toThrow(
    "E430 toSvg: the sequential layer is not built",
  );
});

test("boxes and wires of a row keep apart, and a wire that passes rows is straight", () => {
  const box = { width: 100, height: 40, ins: [], outs: [0] };
  const link = (from: number, to: number) => ({ from, output: 0, to, input: 0 });
  // Down and up again, with three shortcuts from one side to the other.
  const links = [0, 1, 2, 3, 4, 5].map((i) => link(i, i + 1)).concat(link(0, 6), link(1, 5), link(2, 4));
  const { rows, steps } = layered(new Array(7).fill(box), links);
  for (const row of rows) {
    for (const [i, cell] of row.slice(1).entries()) {
      expect(cell.x - row[i]!.x).toBeGreaterThanOrEqual((cell.width + row[i]!.width) / 2 + 15);
    }
  }
  for (const [cell] of rows) expect(cell!.x).toBeCloseTo(50, 3);
  for (const { from, to } of steps) if (from.box === undefined && to.box === undefined) expect(to.x).toBe(from.x);
});

test("places are the nearest to those wanted that keep the gaps", () => {
  expect(spread([0, 0], [10])).toEqual([-5, 5]);
  expect(spread([0, 30, 31], [10, 10])).toEqual([0, 25.5, 35.5]);
  expect(spread([0, 0], [10], [1, 3])).toEqual([-7.5, 2.5]);
});
