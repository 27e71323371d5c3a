/** Makes a network of the tensors of a file. */
import { InterchangeError, OptionError } from '../../core/errors.js';
import { describeValue } from '../../core/options.js';
import { Network } from '../../model/network.js';
import { isKind } from '../../network/layers/layers.js';
import type { ImportedNetwork, ImportOptions, WeightSource } from '../shared/imported-network.js';
import { isExact } from '../sources/number-types.js';
import type { SourceTensor, SourceTensors } from '../sources/source-tensor.js';
import { type Assigned, assignModules } from './assign-modules.js';
import { inferNetwork } from './infer-network.js';
import { type ModuleGroup, moduleGroups, STEP_COUNT } from './module-groups.js';
import { type NodeTarget, nodeTargets, type RedundantTensor, weightSource } from './node-targets.js';
import type { TensorFile } from './tensor-file.js';

/** What a map says, sorted by what its keys and values are. */
interface SortedMap {
  /** Nodes by modules. */
  readonly modules: ReadonlyMap<string, string>;
  /** Sources by parameters: of tensors that are named one by one. */
  readonly single: ReadonlyMap<string, WeightSource>;
  /** The tensors that are neither left out nor named one by one. */
  readonly rest: SourceTensors;
  /** Modules and tensors that are left out. */
  readonly left: readonly string[];
}

function refuse(message: string, value: unknown): OptionError {
  return new OptionError('invalid_option', `option 'map': ${message}`, { name: 'map', value });
}

const isBelow = (name: string, begin: string) => name === begin || name.startsWith(`${begin}.`);

/** The parameter that a tensor is said to be. @throws {OptionError} `invalid_option`; {InterchangeError} `tensor_mismatch` */
function single(source: string, tensor: SourceTensor, parameter: string, targets: readonly NodeTarget[]): WeightSource {
  const dot = parameter.lastIndexOf('.');
  const part = parameter.slice(dot + 1);
  const target = targets.find(({ name }) => name === parameter.slice(0, Math.max(0, dot)));
  const shape = target?.parts.get(part);
  if (target === undefined || shape === undefined) {
    const names = targets.flatMap(({ name, parts }) => [...parts.keys()].map((each) => `${name}.${each}`));
    throw refuse(
      `the network has no parameter '${parameter}' for '${tensor.name}'; it has ${names.join(', ')}`,
      parameter,
    );
  }
  if (shape.length === tensor.shape.length && shape.every((size, axis) => size === tensor.shape[axis])) {
    return weightSource(target.layer, part, tensor);
  }
  const message = `'${source}': '${tensor.name}' is [${tensor.shape.join(', ')}], but '${parameter}' [${shape.join(', ')}] is wanted of it`;
  throw new InterchangeError('tensor_mismatch', message, { source, tensor: tensor.name, expected: shape });
}

/** @throws {OptionError} `invalid_option`; {InterchangeError} `tensor_mismatch` */
function sorted(
  source: string,
  tensors: SourceTensors,
  targets: readonly NodeTarget[],
  map: Readonly<Record<string, string>>,
): SortedMap {
  const modules = new Map<string, string>();
  const singles = new Map<string, WeightSource>();
  const rest = new Map(tensors);
  const left: string[] = [];
  if (typeof map !== 'object' || map === null)
    throw refuse(`expected an object of names, got ${describeValue(map)}`, map);
  for (const [key, value] of Object.entries(map)) {
    if (typeof value !== 'string')
      throw refuse(`'${key}' must lead to the name of a node, got ${describeValue(value)}`, value);
    const tensor = tensors.get(key);
    if (value === '') {
      const below = [...rest.keys()].filter((name) => isBelow(name, key));
      if (below.length === 0) throw refuse(`there is nothing named '${key}' in '${source}'`, key);
      for (const name of below) rest.delete(name);
      left.push(key);
    } else if (tensor === undefined) {
      modules.set(key, value);
    } else {
      if (singles.has(value)) throw refuse(`'${value}' is given by two tensors`, value);
      singles.set(value, single(source, tensor, value, targets));
      rest.delete(key);
    }
  }
  return { modules, single: singles, rest, left };
}

/** The targets without the parameters that have a source. */
function withoutSingles(targets: readonly NodeTarget[], given: ReadonlyMap<string, WeightSource>): NodeTarget[] {
  return targets.flatMap((target) => {
    const parts = new Map([...target.parts].filter(([part]) => !given.has(`${target.name}.${part}`)));
    return parts.size === 0 && target.parts.size > 0 ? [] : [{ ...target, parts }];
  });
}

/** @throws {InterchangeError} `tensor_mismatch` for a tensor that would change the result if it were not left out */
function requireRedundant(source: string, { target, fit }: Assigned, weights: ReadonlyMap<string, WeightSource>): void {
  for (const { tensor, is } of fit.redundant) {
    const numbers = tensor.read();
    const expected = is === 'tied' ? weights.get(`${target.tied}.weight`)?.read() : undefined;
    const index = numbers.findIndex((number, at) => number !== (expected?.[at] ?? 0));
    if (index < 0 && (expected === undefined || expected.length === numbers.length)) continue;
    throw notRedundant(source, target, tensor, is, index);
  }
}

function notRedundant(
  source: string,
  { name, tied }: NodeTarget,
  tensor: SourceTensor,
  is: RedundantTensor['is'],
  index: number,
): InterchangeError {
  const reason =
    is === 'tied'
      ? `node '${name}' is tied to '${tied}', but '${tensor.name}' has other numbers than its table`
      : `node '${name}' has one bias, but '${tensor.name}' is not zero: give it two (biases: 'two')`;
  const message = `'${source}': ${reason}, the first of them at ${Math.max(0, index)}`;
  return new InterchangeError('tensor_mismatch', message, { source, tensor: tensor.name, index });
}

/** A count of training steps that float32 holds exactly. */
const isSmallCount = ({ name, shape, read }: SourceTensor) =>
  name.split('.').at(-1) === STEP_COUNT && shape.length === 0 && (read()[0] as number) < 2 ** 24;

function roundedNote(tensors: readonly SourceTensor[]): string[] {
  const rounded = tensors.filter((tensor) => !isExact(tensor.type) && !isSmallCount(tensor));
  if (rounded.length === 0) return [];
  const types = [...new Set(rounded.map(({ type }) => type))].join(', ');
  const names = rounded.slice(0, 3).map(({ name }) => `'${name}'`);
  const more = rounded.length > names.length ? ` and ${rounded.length - names.length} more` : '';
  return [`Numbers of ${types} were rounded to float32: ${names.join(', ')}${more}.`];
}

/**
 * Affine layers whose weights are those of an embedding. A file holds them twice, and results are the same: only in training would they
 * go apart.
 */
function sharedNotes(assigned: readonly Assigned[], weights: ReadonlyMap<string, WeightSource>): string[] {
  const tables = assigned.filter(({ target }) => isKind(target.layer, 'embedding'));
  const free = assigned.filter(({ target }) => isKind(target.layer, 'dense') && target.tied === undefined);
  return free.flatMap(({ target }) => {
    const own = weights.get(`${target.name}.weight`);
    const table = tables.find(({ target: { name } }) => isSameNumbers(own, weights.get(`${name}.weight`)));
    if (table === undefined) return [];
    const { name } = table.target;
    return [
      `'${target.name}.weight' has the numbers of '${name}.weight': they are two here, and one in training with dense({ tied: '${name}' }).`,
    ];
  });
}

function isSameNumbers(a: WeightSource | undefined, b: WeightSource | undefined): boolean {
  if (a === undefined || b === undefined || a.count !== b.count) return false;
  const numbers = b.read();
  return a.read().every((number, at) => number === numbers[at]);
}

const withoutCounts = (groups: readonly ModuleGroup[]) =>
  groups.filter(({ tensors }) => tensors.size > 1 || !tensors.has(STEP_COUNT));

/** The network of a file. @throws {OptionError} `invalid_option` */
function networkOf(source: string, file: TensorFile, { network, map }: ImportOptions) {
  if (network !== undefined && !(network instanceof Network)) {
    const message = `option 'network' must be a result of network() or sequential(), got ${describeValue(network)}`;
    throw new OptionError('invalid_option', message, { name: 'network', value: network });
  }
  const given = network ?? file.network;
  if (given !== undefined) return { network: given, map: map ?? {}, notes: [] };
  if (map !== undefined && Object.values(map).some((node) => node !== '')) {
    throw refuse("it names nodes of a network: give that as 'network'", map);
  }
  const { rest } = sorted(source, file.tensors, [], map ?? {});
  const inferred = inferNetwork(source, withoutCounts(moduleGroups(rest)));
  return { ...inferred, map: { ...map, ...Object.fromEntries(inferred.map) } };
}

/**
 * A network with its weights, of the tensors of a file: the network that is given, that of the file, or what names and shapes decide.
 *
 * @throws {InterchangeError} `ambiguous_network`, `missing_tensor`, `unused_tensor`, `tensor_mismatch`
 * @throws {OptionError} `invalid_option`
 */
export function importTensors(source: string, file: TensorFile, options: ImportOptions): ImportedNetwork {
  const { network, map, notes } = networkOf(source, file, options);
  const targets = nodeTargets(network.description);
  const { modules, single: singles, rest, left } = sorted(source, file.tensors, targets, map);
  const groups = withoutCounts(moduleGroups(rest));
  const assigned = assignModules(source, groups, withoutSingles(targets, singles), modules);
  const weights = new Map(singles);
  for (const { target, fit } of assigned) {
    for (const [part, each] of fit.weights) weights.set(`${target.name}.${part}`, each);
  }
  for (const each of assigned) requireRedundant(source, each, weights);
  const leftNote = left.length === 0 ? [] : [`Left out as 'map' says: ${left.map((name) => `'${name}'`).join(', ')}.`];
  return {
    network,
    weights,
    notes: [
      ...file.notes,
      ...notes,
      ...assigned.flatMap(({ fit }) => fit.notes),
      ...sharedNotes(assigned, weights),
      ...leftNote,
      ...roundedNote([...rest.values()]),
    ],
  };
}
