/** Checksums of the contents of examples in memory, field by field: what a resumed run compares. */
import { checksumOf } from '../core/checksum.js';
import type { JsonObject } from '../core/json.js';

/** Marks of values by their kind, so that kinds do not collide. */
const KINDS = { none: 1, number: 2, text: 3, flag: 4, array: 5, list: 6, object: 7 } as const;

const NUMBER = Int32Array.of(KINDS.number);

/** The field of examples that are no objects. */
const WHOLE = 'examples';

/** Folds values into checksums. What several examples share is read once. */
class ContentChecksum {
  readonly #known = new WeakMap<object, number>();
  /** A number and its two words. */
  readonly #double = new Float64Array(1);
  readonly #words = new Int32Array(this.#double.buffer);

  /** @param before checksum of what comes before the value */
  of(value: unknown, before?: number): number {
    if (typeof value === 'number') return this.#ofNumber(value, before);
    if (typeof value === 'string') {
      return checksumOf(
        Int32Array.from(value, (sign) => sign.codePointAt(0) as number),
        checksumOf(Int32Array.of(KINDS.text, value.length), before),
      );
    }
    if (typeof value === 'boolean') return checksumOf(Int32Array.of(KINDS.flag, Number(value)), before);
    if (typeof value !== 'object' || value === null) return checksumOf(Int32Array.of(KINDS.none), before);
    return checksumOf(Int32Array.of(this.#ofObject(value)), before);
  }

  #ofNumber(value: number, before?: number): number {
    this.#double[0] = value;
    return checksumOf(this.#words, checksumOf(NUMBER, before));
  }

  #ofObject(value: object): number {
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    this.#known.set(value, KINDS.object); // for an object that holds itself
    const checksum = ArrayBuffer.isView(value) ? ofView(value) : this.#ofMembers(value);
    this.#known.set(value, checksum);
    return checksum;
  }

  #ofMembers(value: object): number {
    const isList = Array.isArray(value);
    let checksum = checksumOf(Int32Array.of(isList ? KINDS.list : KINDS.object, isList ? value.length : 0));
    for (const [name, member] of membersOf(value))
      checksum = this.of(member, isList ? checksum : this.of(name, checksum));
    return checksum;
  }
}

/** The own members of an object that are values and no functions: what a getter would compute is not asked for. */
function* membersOf(value: object): Generator<readonly [string, unknown]> {
  if (Array.isArray(value)) {
    for (const [at, member] of value.entries()) yield [String(at), member];
    return;
  }
  for (const [name, { value: member, enumerable }] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
    if (enumerable === true && member !== undefined && typeof member !== 'function') yield [name, member];
  }
}

function ofView({ buffer, byteOffset, byteLength }: ArrayBufferView): number {
  const size = Int32Array.BYTES_PER_ELEMENT;
  const isWhole = byteOffset % size === 0 && byteLength % size === 0;
  const words = isWhole
    ? new Int32Array(buffer, byteOffset, byteLength / size)
    : Int32Array.from(new Uint8Array(buffer, byteOffset, byteLength));
  return checksumOf(words, checksumOf(Int32Array.of(KINDS.array, byteLength)));
}

/**
 * A checksum for each field of the examples, over all of them in their order. Examples that are no objects have one
 * checksum, `examples`.
 */
export function contentsOf(examples: Iterable<unknown>): JsonObject {
  const content = new ContentChecksum();
  const sums = new Map<string, number>();
  let index = 0;
  for (const example of examples) {
    const isRecord = typeof example === 'object' && example !== null && !ArrayBuffer.isView(example);
    const fields = isRecord && !Array.isArray(example) ? membersOf(example) : [[WHOLE, example] as const];
    // The number of the example tells apart fields that only some examples have.
    for (const [name, value] of fields) sums.set(name, content.of(value, content.of(index, sums.get(name))));
    index += 1;
  }
  return Object.fromEntries(sums);
}
