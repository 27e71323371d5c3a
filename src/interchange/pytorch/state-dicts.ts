/** Finds the tensors in what torch.save was given: a state dict, or a checkpoint with one in it. */

import { DataError, InterchangeError } from '../../core/errors.js';
import { bytesOf, toFloat32 } from '../sources/number-types.js';
import type { SourceTensor } from '../sources/source-tensor.js';
import { strided } from '../sources/strided.js';
import { byName, type TensorFile } from '../state-dict/tensor-file.js';
import { PickleDict, type PickleValue } from './pickle-values.js';
import type { TorchArchive } from './torch-archive.js';
import { TorchTensor } from './torch-values.js';

/** Deepest dict in a dict that is looked into. */
const MOST_DEPTH = 10;

/** Tensors may show their storages several times over, as tied weights do, but not without limit. */
const MOST_SHARING = 16;
const FREE_NUMBERS = 2 ** 24;

/** A dict with tensors in it. */
interface Candidate {
  /** Keys that lead to it, joined by dots; empty for the whole file. */
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  /** Keys of what is no tensor. */
  readonly others: readonly string[];
}

/** All dicts that have tensors under names. The state of an optimizer has its tensors under numbers, and is none. */
function candidatesIn(root: PickleValue): Candidate[] {
  const found: Candidate[] = [];
  const seen = new Set<PickleDict>();
  const visit = (value: PickleValue, path: string, depth: number): void => {
    if (!(value instanceof PickleDict) || seen.has(value) || depth > MOST_DEPTH) return;
    seen.add(value);
    const named = [...value.entries].filter((entry): entry is [string, PickleValue] => typeof entry[0] === 'string');
    const tensors = named.filter((entry): entry is [string, TorchTensor] => entry[1] instanceof TorchTensor);
    if (tensors.length > 0) {
      const others = named.filter(([, each]) => !(each instanceof TorchTensor)).map(([key]) => key);
      found.push({ path, tensors: new Map(tensors), others });
    }
    for (const [key, each] of named) visit(each, path === '' ? key : `${path}.${key}`, depth + 1);
  };
  visit(root, '', 0);
  return found;
}

const named = ({ path, tensors }: Candidate) =>
  `${path === '' ? "'' (the whole file)" : `'${path}'`} with ${tensors.size} tensors`;

/** The state dict that is meant. @throws {InterchangeError} `missing_tensor`, `ambiguous_network` */
function chosen(source: string, candidates: readonly Candidate[], wanted: string | undefined): Candidate {
  if (wanted !== undefined) {
    const found = candidates.find(({ path }) => path === wanted);
    if (found !== undefined) return found;
  } else if (candidates.length === 1) return candidates[0] as Candidate;
  const there = candidates.map(named).join(', ') || 'none';
  if (wanted !== undefined || candidates.length === 0) {
    const what = wanted === undefined ? 'no dict of tensors' : `no dict of tensors at '${wanted}'`;
    const message = `'${source}' has ${what}; there are ${there}`;
    throw new InterchangeError('missing_tensor', message, { source, stateDict: wanted });
  }
  const message = `'${source}' has several dicts of tensors: ${there}. Say which one is meant: { stateDict: '${(candidates[0] as Candidate).path}' }`;
  const details = { source, candidates: candidates.map(({ path }) => path) };
  throw new InterchangeError('ambiguous_network', message, details);
}

function sourceTensor(archive: TorchArchive, name: string, tensor: TorchTensor): SourceTensor {
  const { storage, offset, span, shape } = tensor;
  const { type } = storage;
  const read = () => {
    const bytes = archive.bytes(storage).read(offset * bytesOf(type), span * bytesOf(type));
    const all = toFloat32(bytes, type, name, { bigEndian: archive.bigEndian });
    const numbers = tensor.isContiguous ? all : strided(all, shape, tensor.strides);
    return tensor.isNegated ? numbers.map((number) => -number) : numbers;
  };
  return { name, type, shape, read };
}

/** @throws {DataError} `file_unsupported` for tensors that are far larger than what is stored */
function requireStored(source: string, { count }: TorchArchive, tensors: readonly TorchTensor[]): void {
  const shown = tensors.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
  if (shown <= MOST_SHARING * count + FREE_NUMBERS) return;
  const message = `'${source}' stores ${count} numbers, but its tensors show ${shown} in all: repeated ones are read up to ${MOST_SHARING} times`;
  throw new DataError('file_unsupported', message, { source, stored: count, shown });
}

/**
 * The tensors of a state dict.
 *
 * @param stateDict keys that lead to it, joined by dots
 * @throws {InterchangeError} `ambiguous_network` with all candidates, `missing_tensor` where there is none
 * @throws {DataError} `file_unsupported`
 */
export function stateDictOf(source: string, archive: TorchArchive, stateDict: string | undefined): TensorFile {
  const { path, tensors, others } = chosen(source, candidatesIn(archive.root), stateDict);
  requireStored(source, archive, [...tensors.values()]);
  const notes: string[] = [];
  if (others.length > 0) notes.push(`Beside its tensors the state dict has ${others.join(', ')}: left out.`);
  return {
    tensors: byName([...tensors].map(([name, tensor]) => sourceTensor(archive, name, tensor))),
    facts: new Map([
      ['form', archive.form],
      ['state dict', path === '' ? 'the whole file' : path],
    ]),
    notes,
  };
}

/** What a file holds, for people: the only state dict, or all with their paths before the names. */
export function allTensorsOf(source: string, archive: TorchArchive): TensorFile {
  const candidates = candidatesIn(archive.root);
  if (candidates.length <= 1) return stateDictOf(source, archive, undefined);
  const tensors = candidates.flatMap((candidate) =>
    [...candidate.tensors].map(([name, tensor]) =>
      sourceTensor(archive, candidate.path === '' ? name : `${candidate.path}.${name}`, tensor),
    ),
  );
  const facts = new Map([
    ['form', archive.form],
    ['state dicts', candidates.map(named).join(', ')],
  ]);
  return { tensors: byName(tensors), facts, notes: [] };
}
