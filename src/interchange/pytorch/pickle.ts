/**
 * Reads pickles as data. A pickle is a program for a small stack machine: this one knows the instructions that make numbers, texts and
 * containers. It calls nothing. What a pickle asks Python to look up or to call goes to `PickleRules`, which refuse all they do not know.
 *
 * @see the module pickletools of CPython for the instructions of the protocols 2 to 5
 */
import { DataError } from '../../core/errors.js';
import type { ByteCursor } from './byte-cursor.js';
import { PickleDict, PickleList, PickleObject, PickleSet, PickleTuple, type PickleValue } from './pickle-values.js';

/** What a pickle may ask for. */
export interface PickleRules {
  /** What a name of a module is. @throws {InterchangeError} `refused_global` */
  global(module: string, name: string): PickleObject;
  /** What a call of `callable` stands for. @throws {DataError} `file_corrupt` */
  reduce(callable: PickleObject, args: readonly PickleValue[]): PickleValue;
  /** What stands beside the pickle under an id. @throws {DataError} `file_corrupt` */
  persistent(id: PickleValue): PickleValue;
}

/** Longest name of a module or a class, and longest integer, in bytes. */
const MOST_NAME = 1000;
const MOST_INTEGER = 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A whole number, two's complement, little-endian. */
function integer(bytes: Uint8Array): number | bigint {
  if (bytes.byteLength === 0) return 0;
  const hex = Buffer.from(bytes).reverse().toString('hex');
  const value = BigInt.asIntN(8 * bytes.byteLength, BigInt(`0x${hex}`));
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The machine. */
class Machine {
  readonly #cursor: ByteCursor;
  readonly #rules: PickleRules;
  readonly #memo = new Map<number, PickleValue>();
  /** Values since the last mark, and those before each mark. */
  #stack: PickleValue[] = [];
  readonly #marked: PickleValue[][] = [];

  constructor(cursor: ByteCursor, rules: PickleRules) {
    this.#cursor = cursor;
    this.#rules = rules;
  }

  run(): PickleValue {
    for (;;) {
      const code = this.#cursor.byte();
      if (code === STOP) break;
      const instruction = INSTRUCTIONS.get(code);
      if (instruction === undefined) throw this.corrupt(`instruction 0x${code.toString(16)} is not known`);
      instruction(this, this.#cursor);
    }
    if (this.#marked.length > 0 || this.#stack.length !== 1) throw this.corrupt('it ends with other than one value');
    return this.pop();
  }

  corrupt(reason: string): DataError {
    const { source, at } = this.#cursor;
    const message = `'${source.name}' is corrupt: at byte ${at - 1} of its pickle, ${reason}`;
    return new DataError('file_corrupt', message, { source: source.name, at: at - 1 });
  }

  push(value: PickleValue): void {
    this.#stack.push(value);
  }

  pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined) throw this.corrupt('there is no value left on the stack');
    return value;
  }

  top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined) throw this.corrupt('there is no value on the stack');
    return value;
  }

  mark(): void {
    this.#marked.push(this.#stack);
    this.#stack = [];
  }

  /** The values since the last mark. */
  popMark(): PickleValue[] {
    const values = this.#stack;
    const before = this.#marked.pop();
    if (before === undefined) throw this.corrupt('there is no mark');
    this.#stack = before;
    return values;
  }

  text(bytes: Uint8Array): string {
    try {
      return utf8.decode(bytes);
    } catch {
      throw this.corrupt('a text is not UTF-8');
    }
  }

  put(index: number = this.#memo.size): void {
    this.#memo.set(index, this.top());
  }

  get(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.corrupt(`there is no value ${index} in the memo`);
    this.push(value);
  }

  global(module: string, name: string): void {
    this.push(this.#rules.global(module, name));
  }

  tuple(length: number): void {
    const items: PickleValue[] = [];
    for (let at = 0; at < length; at++) items.unshift(this.pop());
    this.push(new PickleTuple(items));
  }

  setItems(items: readonly PickleValue[]): void {
    const dict = this.top();
    if (!(dict instanceof PickleDict) || items.length % 2 !== 0) throw this.corrupt('items are set of no dict');
    for (let at = 0; at < items.length; at += 2) {
      dict.entries.set(items[at] as PickleValue, items[at + 1] as PickleValue);
    }
  }

  append(items: readonly PickleValue[]): void {
    const list = this.top();
    if (!(list instanceof PickleList)) throw this.corrupt('items are appended to no list');
    for (const item of items) list.items.push(item);
  }

  addToSet(items: readonly PickleValue[]): void {
    const set = this.top();
    if (!(set instanceof PickleSet)) throw this.corrupt('items are added to no set');
    for (const item of items) set.items.add(item);
  }

  reduce(): void {
    const args = this.pop();
    const callable = this.pop();
    if (!(args instanceof PickleTuple) || !(callable instanceof PickleObject))
      throw this.corrupt('a call of no function');
    this.push(this.#rules.reduce(callable, args.items));
  }

  /** Attributes of an object. Those of an OrderedDict (`_metadata` of a state dict) and of scalars say nothing of tensors. */
  build(): void {
    this.pop();
    const target = this.top();
    if (!(target instanceof PickleDict || target instanceof PickleObject))
      throw this.corrupt('attributes of no object');
  }

  persistent(): void {
    this.push(this.#rules.persistent(this.pop()));
  }

  integer(length: number): void {
    if (length > MOST_INTEGER)
      throw this.corrupt(`a whole number has ${length} bytes, at most ${MOST_INTEGER} are read`);
    this.push(integer(this.#cursor.take(length)));
  }

  /** STACK_GLOBAL: names that stand on the stack. */
  stackGlobal(): void {
    const name = this.pop();
    const module = this.pop();
    if (typeof name !== 'string' || typeof module !== 'string') throw this.corrupt('a name that is no text');
    this.global(module.slice(0, MOST_NAME), name.slice(0, MOST_NAME));
  }
}

const STOP = 0x2e;

type Instruction = (machine: Machine, cursor: ByteCursor) => void;

const texts =
  (length: 1 | 4 | 8): Instruction =>
  (machine, cursor) =>
    machine.push(machine.text(cursor.take(cursor.unsigned(length))));

const bytes =
  (length: 1 | 4 | 8): Instruction =>
  (machine, cursor) =>
    machine.push(cursor.take(cursor.unsigned(length)).slice());

/** Texts of Python 2, which are bytes there. */
const oldTexts =
  (length: 1 | 4): Instruction =>
  (machine, cursor) =>
    machine.push(Buffer.from(cursor.take(cursor.unsigned(length))).toString('latin1'));

const viewOf = (data: Uint8Array) => new DataView(data.buffer, data.byteOffset, data.byteLength);

/** The instructions by their codes. */
const INSTRUCTIONS: ReadonlyMap<number, Instruction> = new Map<number, Instruction>([
  [0x80, (_, cursor) => cursor.byte()], // PROTO
  [0x95, (_, cursor) => cursor.take(8)], // FRAME
  [0x28, (machine) => machine.mark()], // MARK
  [0x30, (machine) => machine.pop()], // POP
  [0x31, (machine) => machine.popMark()], // POP_MARK
  [0x32, (machine) => machine.push(machine.top())], // DUP
  [0x4e, (machine) => machine.push(null)], // NONE
  [0x88, (machine) => machine.push(true)], // NEWTRUE
  [0x89, (machine) => machine.push(false)], // NEWFALSE
  [0x4a, (machine, cursor) => machine.push(viewOf(cursor.take(4)).getInt32(0, true))], // BININT
  [0x4b, (machine, cursor) => machine.push(cursor.byte())], // BININT1
  [0x4d, (machine, cursor) => machine.push(cursor.unsigned(2))], // BININT2
  [0x8a, (machine, cursor) => machine.integer(cursor.byte())], // LONG1
  [0x8b, (machine, cursor) => machine.integer(cursor.unsigned(4))], // LONG4
  [0x47, (machine, cursor) => machine.push(viewOf(cursor.take(8)).getFloat64(0, false))], // BINFLOAT
  [0x58, texts(4)], // BINUNICODE
  [0x8c, texts(1)], // SHORT_BINUNICODE
  [0x8d, texts(8)], // BINUNICODE8
  [0x42, bytes(4)], // BINBYTES
  [0x43, bytes(1)], // SHORT_BINBYTES
  [0x8e, bytes(8)], // BINBYTES8
  [0x54, oldTexts(4)], // BINSTRING
  [0x55, oldTexts(1)], // SHORT_BINSTRING
  [0x29, (machine) => machine.push(new PickleTuple([]))], // EMPTY_TUPLE
  [0x85, (machine) => machine.tuple(1)], // TUPLE1
  [0x86, (machine) => machine.tuple(2)], // TUPLE2
  [0x87, (machine) => machine.tuple(3)], // TUPLE3
  [0x74, (machine) => machine.push(new PickleTuple(machine.popMark()))], // TUPLE
  [0x7d, (machine) => machine.push(new PickleDict())], // EMPTY_DICT
  [0x73, (machine) => machine.setItems([machine.pop(), machine.pop()].reverse())], // SETITEM
  [0x75, (machine) => machine.setItems(machine.popMark())], // SETITEMS
  [0x5d, (machine) => machine.push(new PickleList())], // EMPTY_LIST
  [0x61, (machine) => machine.append([machine.pop()])], // APPEND
  [0x65, (machine) => machine.append(machine.popMark())], // APPENDS
  [0x8f, (machine) => machine.push(new PickleSet())], // EMPTY_SET
  [0x90, (machine) => machine.addToSet(machine.popMark())], // ADDITEMS
  [0x71, (machine, cursor) => machine.put(cursor.byte())], // BINPUT
  [0x72, (machine, cursor) => machine.put(cursor.unsigned(4))], // LONG_BINPUT
  [0x94, (machine) => machine.put()], // MEMOIZE
  [0x68, (machine, cursor) => machine.get(cursor.byte())], // BINGET
  [0x6a, (machine, cursor) => machine.get(cursor.unsigned(4))], // LONG_BINGET
  [
    0x63, // GLOBAL
    (machine, cursor) => {
      const module = machine.text(cursor.line(MOST_NAME));
      machine.global(module, machine.text(cursor.line(MOST_NAME)));
    },
  ],
  [0x93, (machine) => machine.stackGlobal()], // STACK_GLOBAL
  [0x52, (machine) => machine.reduce()], // REDUCE
  [0x62, (machine) => machine.build()], // BUILD
  [0x51, (machine) => machine.persistent()], // BINPERSID
]);

/**
 * The value of the pickle that begins at a cursor, which then stands behind it.
 *
 * @throws {DataError} `file_truncated`, `file_corrupt`
 * @throws {InterchangeError} `refused_global`
 */
export function readPickle(cursor: ByteCursor, rules: PickleRules): PickleValue {
  return new Machine(cursor, rules).run();
}
