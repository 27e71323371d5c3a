/** Changes of valid files, as damage and attacks make them. */
import fc from 'fast-check';

/** Numbers at the ends of types and of sizes: as lengths, offsets and counts. */
const NUMBERS = [
  ...[0n, 1n, 2n, 3n, 4n, 7n, 8n, 12n, 16n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0xffffn, 0x1_0000n],
  ...[0x7fff_ffffn, 0x8000_0000n, 0xffff_fff0n, 0xffff_ffffn, 0x1_0000_0000n, 0x20_0000_0000_0000n],
  ...[0x7fff_ffff_ffff_ffffn, 0x8000_0000_0000_0000n, 0xffff_ffff_ffff_ffffn],
];

/** Pieces of text that have a meaning in some format, or to JavaScript. */
export const TOKENS = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__label__', 'length', 'then'],
  ...['{', '}', '[', ']', '"', "'", ',', ':', ';', '\t', '\n', '\r', '\r\n', ' ', '\\', '/', '|', '#', '@', '?', '_'],
  ...['-', '+', '.', '0', '-1', '1e999', '1e-999', '9007199254740993', '4294967296', 'NaN', 'Infinity', 'null', 'true'],
  ...['\\u0000', '\\ud800', '\u0000', '\ufeff', '\u2028', 'é', '漢', '\u{1f600}', '../', '[[[[[[[[', '{"a":{"a":'],
  ...['<f8', "'shape'", '(0,)', 'FM ', '\u0000B', 'RIFF', 'data', 'IDAT', 'IEND', '"F64"', '@data', '-DOCSTART-'],
];

/** One change. Places are fractions of the length, so that a change fits every file. */
type Change =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'byte'; readonly at: number; readonly byte: number }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'remove'; readonly at: number; readonly length: number }
  | { readonly kind: 'repeat'; readonly at: number; readonly length: number; readonly times: number }
  | { readonly kind: 'insert'; readonly at: number; readonly text: string; readonly over: boolean }
  | {
      readonly kind: 'number';
      readonly at: number;
      readonly number: bigint;
      readonly size: number;
      readonly big: boolean;
    }
  | { readonly kind: 'digits'; readonly at: number; readonly number: bigint; readonly negative: boolean }
  | { readonly kind: 'splice'; readonly at: number; readonly from: number; readonly other: number };

const place = fc.double({ min: 0, max: 1, noNaN: true });
const size = fc.integer({ min: 1, max: 40 });
const number = fc.constantFrom(...NUMBERS);

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('flip'), at: place, bit: fc.nat(7) } as const),
  fc.record({ kind: fc.constant('byte'), at: place, byte: fc.nat(255) } as const),
  fc.record({ kind: fc.constant('cut'), at: place } as const),
  fc.record({ kind: fc.constant('remove'), at: place, length: size } as const),
  fc.record({ kind: fc.constant('repeat'), at: place, length: size, times: fc.integer({ min: 1, max: 300 }) } as const),
  fc.record({ kind: fc.constant('insert'), at: place, text: fc.constantFrom(...TOKENS), over: fc.boolean() } as const),
  fc.record({
    ...{ kind: fc.constant('number'), at: place, number, size: fc.constantFrom(1, 2, 4, 8), big: fc.boolean() },
  } as const),
  fc.record({ kind: fc.constant('digits'), at: place, number, negative: fc.boolean() } as const),
  fc.record({ kind: fc.constant('splice'), at: place, from: place, other: fc.nat() } as const),
);

function withNumber(bytes: Buffer, at: number, value: bigint, length: number, big: boolean): Buffer {
  const changed = Buffer.from(bytes);
  for (let byte = 0; byte < length && at + byte < changed.length; byte++) {
    const shift = BigInt(8 * (big ? length - 1 - byte : byte));
    changed[at + byte] = Number((value >> shift) & 0xffn);
  }
  return changed;
}

/** Puts a number in the place of the digits that come next. */
function withDigits(bytes: Buffer, at: number, text: string): Buffer {
  const isDigit = (index: number) => (bytes[index] as number) >= 0x30 && (bytes[index] as number) <= 0x39;
  let begin = at;
  while (begin < bytes.length && !isDigit(begin)) begin++;
  let end = begin;
  while (end < bytes.length && isDigit(end)) end++;
  return Buffer.concat([bytes.subarray(0, begin), Buffer.from(text), bytes.subarray(end)]);
}

function changed(bytes: Buffer, change: Change, bases: readonly Uint8Array[]): Buffer {
  const at = Math.floor(change.at * bytes.length);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (change.kind) {
    case 'flip':
      return withNumber(bytes, at, BigInt((bytes[at] ?? 0) ^ (1 << change.bit)), 1, false);
    case 'byte':
      return withNumber(bytes, at, BigInt(change.byte), 1, false);
    case 'cut':
      return before;
    case 'remove':
      return Buffer.concat([before, after.subarray(change.length)]);
    case 'repeat':
      return Buffer.concat([
        before,
        ...Array.from({ length: change.times }, () => after.subarray(0, change.length)),
        after,
      ]);
    case 'insert': {
      const text = Buffer.from(change.text);
      return Buffer.concat([before, text, change.over ? after.subarray(text.length) : after]);
    }
    case 'number':
      return withNumber(bytes, at, change.number, change.size, change.big);
    case 'digits':
      return withDigits(bytes, at, `${change.negative ? '-' : ''}${change.number}`);
    case 'splice': {
      const other = bases[change.other % bases.length] as Uint8Array;
      return Buffer.concat([before, other.subarray(Math.floor(change.from * other.length))]);
    }
  }
}

/** A valid file after up to five changes; now and then without any. */
export function mutated(bases: readonly Uint8Array[]): fc.Arbitrary<Buffer> {
  const changes = fc.array(change, { maxLength: 5 });
  return fc.record({ base: fc.nat(bases.length - 1), changes }).map(({ base, changes }) => {
    const begin = Buffer.from(bases[base] as Uint8Array);
    return changes.reduce<Buffer>((bytes, each) => changed(bytes, each, bases), begin);
  });
}
