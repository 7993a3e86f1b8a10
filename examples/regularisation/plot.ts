/** A curve: a value per epoch. */
export interface Curve {
  readonly name: string;
  /** The character it is drawn with in the terminal. */
  readonly mark: string;
  readonly values: readonly number[];
}

export interface PlotOptions {
  readonly title: string;
  /** Values outside are drawn at the edge. */
  readonly bottom: number;
  readonly top: number;
}

/** Characters of the terminal's plot. */
const COLUMNS = 72;
const ROWS = 18;

/** Where between bottom and top a value is, from 0 to 1. */
const shareOf = (value: number, bottom: number, top: number): number =>
  (Math.min(Math.max(value, bottom), top) - bottom) / (top - bottom);

/** The curves as text: where several meet, the first one is seen. */
export function textPlot(curves: readonly Curve[], { title, bottom, top }: PlotOptions): string {
  const length = Math.max(...curves.map(({ values }) => values.length));
  const grid = Array.from({ length: ROWS }, () => new Array<string>(COLUMNS).fill(" "));
  for (const { mark, values } of curves.toReversed()) {
    for (let column = 0; column < COLUMNS; column++) {
      const value = values[Math.floor((column * length) / COLUMNS)];
      if (value === undefined) continue; // it stopped early
      grid[Math.round((1 - shareOf(value, bottom, top)) * (ROWS - 1))]![column] = mark;
    }
  }
  const label = (row: number): string =>
    (bottom + ((ROWS - 1 - row) / (ROWS - 1)) * (top - bottom)).toFixed(2).padStart(6);
  return [
    title,
    ...grid.map((cells, row) => `${label(row)} │${cells.join("").trimEnd()}`),
    `${" ".repeat(7)}└${"─".repeat(COLUMNS)}`,
    `${" ".repeat(8)}1${`epoch ${length}`.padStart(COLUMNS - 1)}`,
    `${" ".repeat(8)}${curves.map(({ name, mark }) => `${mark} ${name}`).join("   ")}`,
  ].join("\n");
}

/** Pixels of the drawing, and of its margins; the names of the curves are on the right. */
const WIDTH = 760;
const HEIGHT = 440;
const LEFT = 60;
const RIGHT = 150;
const UPPER = 50;
const LOWER = 50;

/** Okabe & Ito 2008, Color universal design: told apart with every kind of colour vision. */
const colours = ["#000000", "#e69f00", "#0072b2", "#009e73", "#d55e00", "#cc79a7"];

/** The curves as an SVG picture, each named at its end, and with a dot there if it ends early. */
export function svgPlot(curves: readonly Curve[], { title, bottom, top }: PlotOptions): string {
  const length = Math.max(...curves.map(({ values }) => values.length));
  const x = (epoch: number): string =>
    (LEFT + ((epoch - 1) / Math.max(length - 1, 1)) * (WIDTH - LEFT - RIGHT)).toFixed(1);
  const y = (value: number): number => UPPER + (1 - shareOf(value, bottom, top)) * (HEIGHT - UPPER - LOWER);
  const text = (words: string, left: number | string, baseline: number, rest = ""): string =>
    `<text x="${left}" y="${baseline.toFixed(1)}" ${rest}>${words.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</text>`;

  const ticks = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => {
    const [value, epoch] = [bottom + share * (top - bottom), Math.round(1 + share * (length - 1))];
    return [
      `<path d="M${LEFT} ${y(value).toFixed(1)}H${WIDTH - RIGHT}" stroke="#dddddd"/>`,
      text(value.toFixed(2), LEFT - 8, y(value) + 4, 'text-anchor="end"'),
      text(String(epoch), x(epoch), HEIGHT - LOWER + 20, 'text-anchor="middle"'),
    ];
  });
  const paths = curves.map(({ values }, i) => {
    const points = values.map((value, epoch) => `${x(epoch + 1)} ${y(value).toFixed(1)}`).join("L");
    return `<path d="M${points}" fill="none" stroke="${colours[i % colours.length]}" stroke-width="2"/>`;
  });
  const ends = curves
    .map(({ name, values }, i) => ({ name, i, epoch: values.length, at: y(values.at(-1)!), baseline: 0 }))
    .sort((a, b) => a.at - b.at);
  let above = 0;
  for (const end of ends) above = end.baseline = Math.max(end.at + 4, above + 16); // names keep a line apart
  const names = ends.map(({ name, i, epoch, at, baseline }) => {
    const dot =
      epoch < length
        ? `<circle cx="${x(epoch)}" cy="${at.toFixed(1)}" r="5" fill="${colours[i % colours.length]}"/>`
        : "";
    return dot + text(name, WIDTH - RIGHT + 10, baseline, `fill="${colours[i % colours.length]}" font-weight="bold"`);
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif" font-size="13">`,
    `<rect width="100%" height="100%" fill="white"/>`,
    text(title, LEFT, 28, 'font-size="16"'),
    ...ticks,
    ...paths,
    ...names,
    text("epoch", x((length + 1) / 2), HEIGHT - 10, 'text-anchor="middle"'),
    "</svg>\n",
  ].join("\n");
}
