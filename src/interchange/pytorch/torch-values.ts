/** What a pickle of torch.save may hold besides plain containers: tensors, and a few names that say nothing of weights. */
import { DataError, InterchangeError } from '../../core/errors.js';
import type { NumberType } from '../sources/number-types.js';
import { countOf } from '../sources/source-tensor.js';
import type { PickleRules } from './pickle.js';
import { PickleDict, PickleList, PickleObject, PickleSet, PickleTuple, type PickleValue } from './pickle-values.js';

/** The numbers that one or more tensors show. */
export interface TorchStorage {
  readonly key: string;
  readonly type: NumberType;
  /** Numbers in all. */
  readonly count: number;
}

/** A tensor as a view of a storage. */
export class TorchTensor extends PickleObject {
  readonly what = 'torch.Tensor';

  /**
   * @param offset of its first number in the storage
   * @param strides numbers from one index to the next, for each dimension
   * @param isNegated whether its numbers are those of the storage with the other sign
   */
  constructor(
    readonly storage: TorchStorage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
    readonly isNegated: boolean,
  ) {
    super();
  }

  /** Numbers of the storage from the first to the last that it shows. */
  get span(): number {
    if (this.shape.includes(0)) return 0;
    return this.shape.reduce((span, size, axis) => span + (size - 1) * (this.strides[axis] as number), 1);
  }

  /** Whether its numbers stand one after the other, row-major. */
  get isContiguous(): boolean {
    let expected = 1;
    for (let axis = this.shape.length - 1; axis >= 0; axis--) {
      const size = this.shape[axis] as number;
      if (size !== 1 && this.strides[axis] !== expected) return false;
      expected *= size;
    }
    return true;
  }
}

/** A storage as it stands in a tuple of arguments. */
class StorageObject extends PickleObject {
  readonly what = 'a storage';

  constructor(
    readonly storage: TorchStorage,
    /** Of the first number, where it shows a part of another one. */
    readonly begin: number,
  ) {
    super();
  }
}

/** A name that a file may ask for. */
class Name extends PickleObject {
  constructor(
    readonly what: string,
    readonly make: (args: readonly PickleValue[], source: string) => PickleValue,
  ) {
    super();
  }
}

/** Something whose value is of no interest here. */
class Other extends PickleObject {
  constructor(readonly what: string) {
    super();
  }
}

const STORAGES: Readonly<Record<string, NumberType>> = {
  DoubleStorage: 'float64',
  FloatStorage: 'float32',
  HalfStorage: 'float16',
  BFloat16Storage: 'bfloat16',
  LongStorage: 'int64',
  IntStorage: 'int32',
  ShortStorage: 'int16',
  CharStorage: 'int8',
  ByteStorage: 'uint8',
  BoolStorage: 'bool',
};

const DTYPES = [
  ...['float32', 'float64', 'float16', 'bfloat16', 'int8', 'int16', 'int32', 'int64', 'uint8', 'bool'],
  ...['float', 'double', 'half', 'short', 'int', 'long'],
];

function corrupt(source: string, reason: string): DataError {
  return new DataError('file_corrupt', `'${source}' is corrupt: ${reason}`, { source });
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function counts(value: PickleValue | undefined): readonly number[] | undefined {
  const items = value instanceof PickleTuple ? value.items : undefined;
  return items?.every(isCount) === true ? (items as readonly number[]) : undefined;
}

/**
 * What a tensor says of its numbers beside their places: that their sign is the other one, as of `x.conj().imag`.
 *
 * @throws {DataError} `file_unsupported` for anything else that it says
 */
function isNegated(metadata: PickleValue, { type }: TorchStorage, source: string): boolean {
  if (metadata === null) return false;
  if (!(metadata instanceof PickleDict)) throw corrupt(source, 'the metadata of a tensor are no dict');
  const negated = metadata.entries.get('neg') ?? false;
  const isKnown = typeof negated === 'boolean' && (!negated || type.includes('float'));
  const names = [...metadata.entries.keys()].filter((name) => name !== 'neg' || !isKnown);
  if (names.length === 0) return negated === true;
  const listed = names.map((name) => (typeof name === 'string' ? `'${name}'` : 'a name that is no text')).join(', ');
  const help =
    'save plain tensors, in Python with {name: tensor.clone() for name, tensor in model.state_dict().items()}';
  const message = `'${source}' has a tensor of ${type} with the metadata ${listed}, expected none but 'neg' of real numbers: ${help}`;
  throw new DataError('file_unsupported', message, { source, metadata: names });
}

/** A tensor, once it is known to lie within its storage. */
function rebuiltTensor(args: readonly PickleValue[], source: string): TorchTensor {
  const [storage, offset, size, stride, , , metadata = null] = args;
  const [shape, strides] = [counts(size), counts(stride)];
  const isTensor =
    storage instanceof StorageObject &&
    isCount(offset) &&
    shape !== undefined &&
    strides !== undefined &&
    shape.length === strides.length;
  if (!isTensor)
    throw corrupt(source, 'a tensor has no storage, or sizes and strides that are no tuples of whole numbers >= 0');
  countOf(source, 'of a pickle', shape);
  const negated = isNegated(metadata, storage.storage, source);
  const tensor = new TorchTensor(storage.storage, storage.begin + offset, shape, strides, negated);
  const end = tensor.offset + tensor.span;
  if (end <= storage.storage.count) return tensor;
  const of = `sizes [${shape.join(', ')}], strides [${strides.join(', ')}] and offset ${offset}`;
  throw corrupt(source, `a tensor with ${of} ends at ${end} of a storage of ${storage.storage.count} numbers`);
}

function orderedDict([pairs]: readonly PickleValue[]): PickleDict {
  const dict = new PickleDict();
  // Python 2 gives the items as an argument.
  for (const pair of pairs instanceof PickleList ? pairs.items : []) {
    const items = pair instanceof PickleTuple || pair instanceof PickleList ? pair.items : [];
    if (items.length === 2) dict.entries.set(items[0] as PickleValue, items[1] as PickleValue);
  }
  return dict;
}

function setOf([items]: readonly PickleValue[]): PickleSet {
  const set = new PickleSet();
  if (items instanceof PickleList || items instanceof PickleTuple) for (const item of items.items) set.items.add(item);
  return set;
}

const scalar = new Name('a NumPy scalar', () => new Other('a NumPy scalar'));

/** All names that a file may ask for. */
const NAMES: ReadonlyMap<string, PickleObject> = new Map<string, PickleObject>([
  ['collections OrderedDict', new Name('OrderedDict', orderedDict)],
  ['torch._utils _rebuild_tensor', new Name('a tensor', rebuiltTensor)],
  ['torch._utils _rebuild_tensor_v2', new Name('a tensor', rebuiltTensor)],
  ['torch._utils _rebuild_parameter', new Name('a parameter', ([data = null]) => data)],
  ['torch Size', new Name('torch.Size', ([sizes = null]) => sizes)],
  ['__builtin__ set', new Name('a set', setOf)],
  ['builtins set', new Name('a set', setOf)],
  ['_codecs encode', new Name('bytes', () => new Other('bytes'))],
  ['numpy dtype', new Name('a NumPy type', () => new Other('a NumPy type'))],
  ['numpy.core.multiarray scalar', scalar],
  ['numpy._core.multiarray scalar', scalar],
  ...DTYPES.map((name) => [`torch ${name}`, new Other(`torch.${name}`)] as const),
  ...Object.keys(STORAGES).flatMap((name) =>
    ['torch', 'torch.cuda'].map((module) => [`${module} ${name}`, new Other(name)] as const),
  ),
]);

/** The rules of torch.save: what is not in the table is refused by its name. */
export class TorchRules implements PickleRules {
  readonly #source: string;
  /** By key: those that tensors of the pickle show. */
  readonly storages = new Map<string, TorchStorage>();

  constructor(source: string) {
    this.#source = source;
  }

  global(module: string, name: string): PickleObject {
    const known = NAMES.get(`${module} ${name}`);
    if (known !== undefined) return known;
    const help = "save the weights alone, in Python with torch.save(model.state_dict(), 'OUT.pt'), or as safetensors";
    const message = `'${this.#source}': the file asks for '${module} ${name}', which reading would have to execute: refused. A file may hold tensors, numbers, texts and containers; ${help}`;
    throw new InterchangeError('refused_global', message, { source: this.#source, module, name });
  }

  reduce(callable: PickleObject, args: readonly PickleValue[]): PickleValue {
    if (callable instanceof Name) return callable.make(args, this.#source);
    throw corrupt(this.#source, `it calls ${callable.what}, which is no function`);
  }

  /** `('storage', type, key, location, count[, view])`. */
  persistent(id: PickleValue): StorageObject {
    const items = id instanceof PickleTuple ? id.items : [];
    const [kind, storageType, key, , count, view] = items;
    const type = storageType instanceof Other ? STORAGES[storageType.what] : undefined;
    if (kind !== 'storage' || type === undefined || typeof key !== 'string' || !isCount(count)) {
      throw corrupt(this.#source, 'what it keeps outside the pickle is no storage of numbers');
    }
    const known = this.storages.get(key) ?? { key, type, count };
    if (known.type !== type || known.count !== count) {
      throw corrupt(this.#source, `storage '${key}' is ${known.count} ${known.type} once, and ${count} ${type} again`);
    }
    this.storages.set(key, known);
    return new StorageObject(known, view instanceof PickleTuple ? this.#viewBegin(view, known) : 0);
  }

  /** Files of old versions: a part of a storage, `(key, begin, count)`. */
  #viewBegin({ items: [, begin, count] }: PickleTuple, storage: TorchStorage): number {
    if (isCount(begin) && isCount(count) && begin + count <= storage.count) return begin;
    throw corrupt(this.#source, `a part of storage '${storage.key}' lies outside of it`);
  }
}
