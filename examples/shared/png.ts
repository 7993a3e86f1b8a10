import { crc32, deflateSync } from "node:zlib";

/** A part of the file: its length, its name, its bytes, and a checksum of the last two. */
function chunk(name: string, bytes: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(name, "latin1"), bytes]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(bytes.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** A grey picture as the bytes of a PNG file (ISO/IEC 15948). `pixels` are rows of brightness from 0 to 255. */
export function greyPng(pixels: Uint8Array, width: number, height: number): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8); // bits of a pixel, grey, and the only ways to pack, filter and order
  const rows = Buffer.alloc(height * (width + 1)); // each begins with the number of its filter, 0 for none
  for (let y = 0; y < height; y++) rows.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  const chunks = [chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND", new Uint8Array())];
  return Buffer.concat([signature, ...chunks]);
}

/**
 * Rows of square pictures side by side as a PNG file, dark ink on white paper.
 *
 * @param rows Each (count, size, size) from 0 for paper to 1 for ink.
 * @param scale How many pixels wide a pixel is drawn.
 */
export function pictureSheet(rows: readonly ArrayLike<number>[], size: number, scale = 2): Uint8Array {
  const gap = 2;
  const cell = size + gap;
  const columns = Math.max(...rows.map(({ length }) => length)) / size ** 2;
  const [width, height] = [(columns * cell + gap) * scale, (rows.length * cell + gap) * scale];
  const pixels = new Uint8Array(width * height).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [py, px] = [Math.floor(y / scale) - gap, Math.floor(x / scale) - gap];
      const [row, column] = [Math.floor(py / cell), Math.floor(px / cell)];
      const [i, j] = [py - row * cell, px - column * cell];
      if (py < 0 || px < 0 || i >= size || j >= size) continue;
      const ink = rows[row]?.[(column * size + i) * size + j] ?? 0;
      pixels[y * width + x] = Math.round(255 * (1 - Math.min(Math.max(ink, 0), 1)));
    }
  }
  return greyPng(pixels, width, height);
}
