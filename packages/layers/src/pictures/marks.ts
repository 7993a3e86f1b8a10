/** A length in pixels, to a tenth. */
export const px = (length: number): string => String(Math.round(length * 10) / 10);

export const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** Text that begins at a point, unless `rest` anchors it otherwise. */
export const textAt = (x: number, y: number, text: string, rest = ""): string =>
  `<text x="${px(x)}" y="${px(y)}"${rest === "" ? "" : ` ${rest}`}>${escaped(text)}</text>`;

/** About how wide a text of this size is at most; in Helvetica and Arial it is narrower than in other fonts that may take their place. */
export function widthOf(text: string, size: number, bold = false): number {
  let width = 0;
  for (const sign of text) {
    width += /[iljtf.,:;|'!()[\] ]/.test(sign) ? 0.36 : /[mwMW@%]/.test(sign) ? 0.92 : /[A-Z]/.test(sign) ? 0.72 : 0.62;
  }
  return width * size * (bold ? 1.1 : 1);
}
