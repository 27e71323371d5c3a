/** Makes a model of an imported network. */
import { InterchangeError } from '../../core/errors.js';
import { checkedLayout } from '../../model/build/checked-layout.js';
import type { CompileOptions } from '../../model/build/compile-options.js';
import type { ParameterBlocks } from '../../model/build/parameters.js';
import { Model } from '../../model/model.js';
import { native } from '../../native/addon.js';
import type { NetworkDescription } from '../../network/description.js';
import type { ImportedNetwork, WeightSource } from './imported-network.js';

/** A tensor of a model. */
interface Target {
  readonly shape: readonly number[];
  readonly data: Float32Array;
  /** Smallest number that it can hold. */
  readonly least?: number;
}

type Weights = ReadonlyMap<string, WeightSource>;

const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

/** @throws {InterchangeError} `missing_tensor`, `tensor_mismatch` */
function requireSource(path: string, weights: Weights, name: string, shape: readonly number[]): void {
  const source = weights.get(name);
  if (source === undefined) {
    const message = `'${path}': nothing in the file gives '${name}' [${shape.join(', ')}] of the network`;
    throw new InterchangeError('missing_tensor', message, { source: path, tensor: name, shape });
  }
  const { from, count, shape: own } = source;
  const fits = own === undefined ? sizeOf(shape) === count : own.join() === shape.join();
  if (fits) return;
  const found = own === undefined ? `has ${count} numbers` : `gives [${own.join(', ')}]`;
  const message = `'${path}': '${from}' ${found}, but '${name}' of the network is [${shape.join(', ')}]`;
  const details = { source: path, tensor: from, name, expected: shape, actual: own ?? count };
  throw new InterchangeError('tensor_mismatch', message, details);
}

/**
 * Every tensor of the network has a source, and every source a tensor.
 *
 * @throws {InterchangeError} `missing_tensor`, `unused_tensor`, `tensor_mismatch`
 */
export function requireWeights(path: string, description: NetworkDescription, weights: Weights): void {
  const layout = checkedLayout(description, (_, name, shape) => requireSource(path, weights, name, shape));
  for (const [name, { from }] of weights) {
    if (layout.requests.has(name) || layout.buffers.has(name)) continue;
    const message = `'${path}': '${from}' belongs to '${name}', which the network does not have`;
    throw new InterchangeError('unused_tensor', message, { source: path, tensor: from, name });
  }
}

function fill(path: string, { data, least = Number.NEGATIVE_INFINITY }: Target, { from, read }: WeightSource): void {
  data.set(read());
  const { nonFinite, low } = native().probe(data);
  if (nonFinite === 0 && !(low < least)) return;
  const index = data.findIndex((number) => !(Number.isFinite(number) && number >= least));
  const bound = least === Number.NEGATIVE_INFINITY ? '' : ` >= ${least}`;
  const message = `'${path}': '${from}' has ${data[index]} at ${index}, expected a finite number${bound}`;
  throw new InterchangeError('tensor_mismatch', message, { source: path, tensor: from, index });
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * Compiles an imported network and writes its weights. One tensor after the other is read, so no more than one is in memory
 * twice; the event loop goes on between two.
 *
 * @param path of the file, for messages
 * @throws {InterchangeError} `missing_tensor`, `unused_tensor`, `tensor_mismatch`
 * @throws {OptionError} `invalid_option`, `unknown_option` of the compilation
 */
export async function makeModel(
  path: string,
  { network, weights }: Pick<ImportedNetwork, 'network' | 'weights'>,
  options: CompileOptions,
): Promise<Model> {
  requireWeights(path, network.description, weights);
  // Parameters and buffers are zeros until the loop below has written all of them.
  const fresh = { hasOptimizer: true, fill: (blocks: ParameterBlocks) => blocks.initializeOptimizer() };
  const model = new Model(network.description, { initializer: 'uniform:0.1', ...options }, fresh);
  try {
    const targets = new Map<string, Target>([...model.parameters, ...model.buffers]);
    await model.whileIdle(async () => {
      for (const [name, source] of weights) {
        fill(path, targets.get(name) as Target, source);
        await turn();
      }
    });
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}
