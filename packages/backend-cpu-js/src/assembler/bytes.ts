const encoder = new TextEncoder();
const floats = new DataView(new ArrayBuffer(8));

/** Bytes that grow at their end, with the numbers of the WebAssembly binary format (core specification, section 5.2). */
export class ByteWriter {
  readonly #bytes: number[] = [];

  get length(): number {
    return this.#bytes.length;
  }

  /** A copy of what was written. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes);
  }

  byte(value: number): void {
    this.#bytes.push(value);
  }

  bytes(values: Iterable<number>): void {
    for (const value of values) this.byte(value);
  }

  /** Everything that `other` holds. */
  append(other: ByteWriter): void {
    this.bytes(other.#bytes);
  }

  /** Unsigned integers below 2³² as LEB128: seven bits to a byte, the lowest first. */
  u32(...values: readonly number[]): void {
    for (let value of values) {
      for (; value > 0x7f; value >>>= 7) this.byte((value & 0x7f) | 0x80);
      this.byte(value);
    }
  }

  /** An opcode and indices; one above 2¹⁶ is its prefix, and in its lower half the rest as LEB128. */
  opcode(code: number, ...indices: readonly number[]): void {
    if (code < 0x10000) this.byte(code);
    else {
      this.byte(code >> 16);
      this.u32(code & 0xffff);
    }
    this.u32(...indices);
  }

  /** A signed integer of 32 bits as LEB128: as few bytes as keep its sign. */
  s32(value: number): void {
    for (; value < -0x40 || value > 0x3f; value >>= 7) this.byte((value & 0x7f) | 0x80);
    this.byte(value & 0x7f);
  }

  /** A signed integer of 64 bits as LEB128. */
  s64(value: bigint): void {
    for (; value < -0x40n || value > 0x3fn; value >>= 7n) this.byte(Number(value & 0x7fn) | 0x80);
    this.byte(Number(value & 0x7fn));
  }

  /** NaN is written as the canonical one, so that equal programs have equal bytes on every engine. */
  f32(value: number): void {
    if (Number.isNaN(value)) floats.setUint32(0, 0x7fc00000, true);
    else floats.setFloat32(0, value, true);
    for (let i = 0; i < 4; i++) this.byte(floats.getUint8(i));
  }

  f64(value: number): void {
    if (Number.isNaN(value)) floats.setBigUint64(0, 0x7ff8000000000000n, true);
    else floats.setFloat64(0, value, true);
    for (let i = 0; i < 8; i++) this.byte(floats.getUint8(i));
  }

  /** A text in UTF-8 after its length in bytes. */
  name(text: string): void {
    this.list([...encoder.encode(text)], (byte) => this.byte(byte));
  }

  /** How many items there are, and what `write` writes for each. */
  list<T>(items: readonly T[], write: (item: T) => void): void {
    this.u32(items.length);
    for (const item of items) write(item);
  }

  /** What `write` writes, after its length in bytes. */
  sized(write: (inner: ByteWriter) => void): void {
    const inner = new ByteWriter();
    write(inner);
    this.u32(inner.length);
    this.append(inner);
  }
}
