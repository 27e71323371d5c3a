/** Reads bytes one after the other, a block of the source at a time. */
import { type ByteSource, cutOff } from '../../core/byte-source.js';

const BLOCK = 2 ** 16;

/** A place in a source that moves on as bytes are taken. */
export class ByteCursor {
  readonly source: ByteSource;
  #at: number;
  #block: Uint8Array = new Uint8Array();
  /** Where the block begins in the source. */
  #begin = 0;

  constructor(source: ByteSource, at = 0) {
    this.source = source;
    this.#at = at;
  }

  /** Place of the next byte. */
  get at(): number {
    return this.#at;
  }

  /** @throws {DataError} `file_truncated` at the end of the source */
  byte(): number {
    return this.take(1)[0] as number;
  }

  /** The next bytes, which nobody may change. @throws {DataError} `file_truncated` */
  take(length: number): Uint8Array {
    const { source } = this;
    const end = this.#at + length;
    if (end > source.size) throw cutOff(source.name, `a part of ${length} bytes`, end, source.size);
    if (this.#at < this.#begin || end > this.#begin + this.#block.byteLength) {
      this.#begin = this.#at;
      this.#block = source.read(this.#at, Math.min(Math.max(length, BLOCK), source.size - this.#at));
    }
    const from = this.#at - this.#begin;
    this.#at = end;
    return this.#block.subarray(from, from + length);
  }

  /** An unsigned number of 1, 2, 4 or 8 bytes, little-endian; one of 8 bytes beyond 2^53 is rounded. */
  unsigned(length: 1 | 2 | 4 | 8): number {
    const bytes = this.take(length);
    return bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
  }

  /** The bytes up to the next line break, which is taken, too. @throws {DataError} `file_truncated` */
  line(most: number): Uint8Array {
    const bytes: number[] = [];
    for (let byte = this.byte(); byte !== 0x0a; byte = this.byte()) {
      bytes.push(byte);
      if (bytes.length > most) throw cutOff(this.source.name, 'a line', this.#at + 1, this.#at);
    }
    return Uint8Array.from(bytes);
  }
}
