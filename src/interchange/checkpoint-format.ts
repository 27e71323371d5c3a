/** Checkpoints of this library, for those who look into them as into files of others. */

import { InterchangeError } from '../core/errors.js';
import { isJsonObject, type JsonObject, parseStrictJson } from '../core/json.js';
import { type Network, networkFromJSON } from '../model/network.js';
import { PREFIX } from '../saved/model-tensors.js';
import type { Format, WeightSource } from './shared/imported-network.js';
import { keptOpen } from './shared/kept-open.js';
import type { SourceTensors } from './sources/source-tensor.js';
import { safetensorsFile } from './state-dict/safetensors-file.js';
import { openTensorFile } from './state-dict/tensor-file.js';

/** How the JSON of a checkpoint's header begins; in front of it stand the 8 bytes of its length. */
const BEGIN = '{"__metadata__":{"bptt_format"';

/** The key of the metadata with the description. */
const DESCRIPTION = 'bptt';

const open = (path: string) => openTensorFile(path, safetensorsFile);

function modelOf(facts: ReadonlyMap<string, string>): JsonObject | undefined {
  const json = parseStrictJson(facts.get(DESCRIPTION) ?? 'null');
  const configuration = isJsonObject(json) ? json['configuration'] : undefined;
  const model = isJsonObject(configuration) ? configuration['model'] : undefined;
  return isJsonObject(model) ? model : undefined;
}

/** @throws {InterchangeError} `ambiguous_network` where it describes none @throws {OptionError} `unknown_layer` for layers of one's own */
function networkOf(path: string, facts: ReadonlyMap<string, string>): Network {
  const network = modelOf(facts)?.['network'];
  if (network !== undefined) return networkFromJSON(network);
  const message = `'${path}' describes no network: give it by the option network of loadModel`;
  throw new InterchangeError('ambiguous_network', message, { source: path });
}

/** The tensors of the model by the names of its parameters and buffers. */
function weightsOf(tensors: SourceTensors): Map<string, WeightSource> {
  const weights = new Map<string, WeightSource>();
  for (const prefix of [PREFIX.parameter, PREFIX.buffer]) {
    for (const [name, { shape, read }] of tensors) {
      if (!name.startsWith(prefix)) continue;
      const count = shape.reduce((product, size) => product * size, 1);
      weights.set(name.slice(prefix.length), { from: name, count, read });
    }
  }
  return weights;
}

const shownFacts = (facts: ReadonlyMap<string, string>): ReadonlyMap<string, string> => {
  const model = modelOf(facts);
  const shown = [...facts].filter(([name]) => name !== DESCRIPTION);
  for (const part of ['loss', 'optimizer', 'seed']) {
    if (model?.[part] !== undefined) shown.push([part, JSON.stringify(model[part])]);
  }
  return new Map(shown);
};

/** Checkpoints and files of `saveModel`. `loadModel` also restores the optimizer, the losses and the vocabulary. */
export const checkpointFormat: Format = {
  name: 'checkpoint',
  description: 'a checkpoint of this library',
  options: [],
  recognizes: (_, begin) => Buffer.from(begin.subarray(8, 8 + BEGIN.length)).toString('latin1') === BEGIN,
  async import(path) {
    return keptOpen(open(path), ({ facts, tensors }) => {
      const network = networkOf(path, facts);
      const notes = ['The loss, the optimizer and its state are left out: loadModel restores these, too.'];
      return { network, weights: weightsOf(tensors), notes };
    });
  },
  async inspect(path) {
    const file = open(path);
    try {
      const { tensors, facts } = file;
      const known = { tensors, facts: shownFacts(facts), operators: [] };
      try {
        return { ...known, network: networkOf(path, facts).summary() };
      } catch (error) {
        return { ...known, obstacle: error instanceof Error ? error.message : String(error) };
      }
    } finally {
      file.close();
    }
  },
};
