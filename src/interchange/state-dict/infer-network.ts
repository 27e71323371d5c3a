/** The network of a state dict, where its names and shapes decide it. */
import { InterchangeError } from '../../core/errors.js';
import type { Network } from '../../model/network.js';
import { type AnyLayer, isKind } from '../../network/layers/layers.js';
import { NetworkBuilder } from '../shared/network-builder.js';
import { describeGroup, type ModuleGroup } from './module-groups.js';
import { type Reading, readingsOf } from './module-readings.js';

/** A module, and how it is read. */
interface Link extends Reading {
  readonly group: ModuleGroup;
}

/** Most modules whose order is searched, and most chains that are shown. */
const MOST_SEARCHED = 12;
const MOST_SHOWN = 3;
const MOST_TRIES = 100_000;

/** Chains that take all modules once, each link as wide as the next one expects. */
function chainsOf(groups: readonly ModuleGroup[]): Link[][] {
  const readings = groups.map((group) => readingsOf(group).map((reading): Link => ({ ...reading, group })));
  const found: Link[][] = [];
  const chain: Link[] = [];
  let tries = 0;
  const visit = (): void => {
    if (chain.length === groups.length) {
      found.push([...chain]);
      return;
    }
    const before = chain.at(-1);
    for (const [at, links] of readings.entries()) {
      if (chain.some(({ group }) => group === groups[at])) continue;
      for (const link of links) {
        if (found.length > MOST_SHOWN || ++tries > MOST_TRIES) return;
        if (before === undefined ? false : link.inputs !== before.outputs) continue;
        chain.push(link);
        visit();
        chain.pop();
      }
    }
  };
  visit();
  return found;
}

/** A layer as it is written in a program. */
function layerCode(layer: AnyLayer): string {
  const { kind, ...options } = layer;
  const members = Object.entries(options).map(([name, value]) => {
    return `${name}: ${typeof value === 'string' ? `'${value}'` : JSON.stringify(value)}`;
  });
  return members.length === 0 ? `${kind}()` : `${kind}({ ${members.join(', ')} })`;
}

/** A chain as a program writes it, with the modules that its nodes are. */
function chainCode(chain: readonly Link[]): string {
  const [first] = chain;
  const layers = chain.map(({ layer }) => layerCode(layer)).join(', ');
  const features = first?.inputs === undefined ? '' : `, { features: ${first.inputs} }`;
  const counts = new Map<string, number>();
  const map = chain.map(({ group, layer: { kind } }) => {
    const count = counts.get(kind) ?? 0;
    counts.set(kind, count + 1);
    return `'${group.name}': '${count === 0 ? kind : `${kind}_${count}`}'`;
  });
  return `{ network: sequential([${layers}]${features}), map: { ${map.join(', ')} } }`;
}

const STEPWISE = new Set(['LSTM', 'GRU', 'LSTMCell', 'GRUCell']);

/** Whether a chain has but one meaning: indices or numbers, one LSTM or GRU, one output layer. */
function isPlain(chain: readonly Link[]): boolean {
  const kinds = chain.map(({ module }) => (STEPWISE.has(module) ? 'R' : (module[0] as string)));
  return /^(E?RL?|L)$/.test(kinds.join('')) && chain.every(({ unsaid }) => unsaid === undefined);
}

/** What a file leaves open of a chain, for the message. */
function unsaidOf(chain: readonly Link[]): string {
  const own = chain.flatMap(({ module, group, unsaid }) =>
    unsaid === undefined ? [] : [`${unsaid} ('${group.name}', ${module})`],
  );
  const between = chain.length > 1 ? ['what stands between its modules, such as activations'] : [];
  return [...own, ...between, 'whether all steps or the last one go on'].join('; ');
}

function ambiguous(source: string, chains: readonly Link[][]): InterchangeError {
  const shown = chains.slice(0, MOST_SHOWN).map(chainCode);
  const reason =
    shown.length === 1
      ? `its names and shapes do not say ${unsaidOf(chains[0] as Link[])}. If nothing else is between and every step goes on, it is`
      : 'its modules go together in several ways. These are among them, if nothing else is between and every step goes on:';
  const message = `'${source}' does not decide a network: ${reason} ${shown.join(' or ')}. Give the network that it is by 'network'`;
  return new InterchangeError('ambiguous_network', message, { source, candidates: shown });
}

function unknown(source: string, groups: readonly ModuleGroup[], reason: string): InterchangeError {
  const modules = groups.slice(0, 20).map(describeGroup).join('; ');
  const message = `'${source}' does not decide a network: ${reason}. Its modules are ${modules}. Give the network by 'network', and by 'map' which of its nodes they are`;
  return new InterchangeError('ambiguous_network', message, { source, modules: groups.map(({ name }) => name) });
}

/** A network that was found, with the nodes by the modules that they are. */
export interface InferredNetwork {
  readonly network: Network;
  readonly map: ReadonlyMap<string, string>;
  readonly notes: readonly string[];
}

function built(chain: readonly Link[]): InferredNetwork {
  const builder = new NetworkBuilder();
  const [first] = chain as readonly [Link];
  const { layer, inputs } = first;
  const isIndices = isKind(layer, 'embedding');
  let previous = builder.addInput(
    'input',
    isIndices ? { kind: 'indices', size: layer.size } : { kind: 'features', units: inputs as number },
  );
  const map = new Map<string, string>();
  for (const { group, layer: each, module } of chain) {
    previous = builder.addNode(group.name === '' ? each.kind : group.name, each, [previous]);
    map.set(group.name, previous);
    if (module.endsWith('Cell')) {
      builder.note(
        `'${group.name}' is one step of a recurrent layer (${module}): it is taken as a layer over all steps.`,
      );
    }
  }
  builder.note(
    'The file has weights alone: every step is taken as an output, not the last one of a sequence, and nothing as standing between its modules.',
  );
  return { network: builder.finish({ output: previous }), map, notes: builder.notes };
}

/**
 * The network of a file that holds tensors alone.
 *
 * @throws {InterchangeError} `ambiguous_network`, with the network that would be assumed
 */
export function inferNetwork(source: string, groups: readonly ModuleGroup[]): InferredNetwork {
  if (groups.length === 0) throw unknown(source, groups, 'it has no tensors');
  const other = groups.find((group) => readingsOf(group).length === 0);
  if (other !== undefined) {
    throw unknown(
      source,
      groups,
      `'${other.name}' is no Embedding, RNN, LSTM, GRU, Linear, Conv1d, LayerNorm or BatchNorm1d by its tensors`,
    );
  }
  if (groups.length > MOST_SEARCHED) throw unknown(source, groups, `it has ${groups.length} modules`);
  // The order of the file says nothing: a program may use modules in another order than that in which it defines them.
  const chains = chainsOf(groups);
  const [only, ...others] = chains;
  if (only === undefined) throw unknown(source, groups, 'its modules are no chain, by their widths');
  if (others.length > 0 || !isPlain(only)) throw ambiguous(source, chains);
  return built(only);
}
