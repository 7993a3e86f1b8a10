const encoder = new TextEncoder();

/** Bytes that grow at their end, with the numbers of the WebAssembly binary format (core specification, section 5.2). */
export class ByteWriter {
  length = 0;
  #bytes: Uint8Array;
  #view: DataView;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** A copy of what was written. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes.subarray(0, this.length));
  }

  byte(value: number): void {
    if (this.length === this.#bytes.length) this.#reserve(1);
    this.#bytes[this.length++] = value;
  }

  bytes(values: ArrayLike<number>): void {
    this.#reserve(values.length);
    this.#bytes.set(values, this.length);
    this.length += values.length;
  }

  /** Everything that `other` holds. */
  append(other: ByteWriter): void {
    this.bytes(other.#bytes.subarray(0, other.length));
  }

  /** An unsigned integer below 2³² as LEB128: seven bits to a byte, the lowest first. */
  u32(value: number): void {
    while (value > 0x7f) {
      this.byte((value & 0x7f) | 0x80);
      value >>>= 7;
    }
    this.byte(value);
  }

  /** An opcode; one above 2¹⁶ is its prefix, and in its lower half the rest as LEB128. */
  opcode(code: number): void {
    if (code < 0x10000) this.byte(code);
    else {
      this.byte(code >> 16);
      this.u32(code & 0xffff);
    }
  }

  /** A signed integer of 32 bits as LEB128: as few bytes as keep its sign. */
  s32(value: number): void {
    while (value < -0x40 || value > 0x3f) {
      this.byte((value & 0x7f) | 0x80);
      value >>= 7;
    }
    this.byte(value & 0x7f);
  }

  /** A signed integer of 64 bits as LEB128. */
  s64(value: bigint): void {
    while (value < -0x40n || value > 0x3fn) {
      this.byte(Number(value & 0x7fn) | 0x80);
      value >>= 7n;
    }
    this.byte(Number(value & 0x7fn));
  }

  /** NaN is written as the canonical one, so that equal programs have equal bytes on every engine. */
  f32(value: number): void {
    this.#reserve(4);
    if (Number.isNaN(value)) this.#view.setUint32(this.length, 0x7fc00000, true);
    else this.#view.setFloat32(this.length, value, true);
    this.length += 4;
  }

  f64(value: number): void {
    this.#reserve(8);
    if (Number.isNaN(value)) this.#view.setBigUint64(this.length, 0x7ff8000000000000n, true);
    else this.#view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  /** A text in UTF-8 after its length in bytes. */
  name(text: string): void {
    const bytes = encoder.encode(text);
    this.u32(bytes.length);
    this.bytes(bytes);
  }

  /** What `write` writes, after its length in bytes. */
  sized(write: (inner: ByteWriter) => void): void {
    const inner = new ByteWriter();
    write(inner);
    this.u32(inner.length);
    this.append(inner);
  }

  /** Moves everything from `from` on to `to`, before what stands there. */
  moveTail(from: number, to: number): void {
    const tail = this.#bytes.slice(from, this.length);
    this.#bytes.copyWithin(to + tail.length, to, from);
    this.#bytes.set(tail, to);
  }

  #reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, needed));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
