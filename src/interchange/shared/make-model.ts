/** Makes a model of an imported network. */
import { InterchangeError } from '../../core/errors.js';
import { buildForward } from '../../model/build/build-forward.js';
import type { CompileOptions } from '../../model/build/compile-options.js';
import { type ParameterBlocks, ParameterLayout } from '../../model/build/parameters.js';
import { Model } from '../../model/model.js';
import { native } from '../../native/addon.js';
import type { NetworkDescription } from '../../network/description.js';
import type { ImportedNetwork, WeightSource } from './imported-network.js';

/** A tensor of a model. */
interface Target {
  readonly shape: readonly number[];
  readonly data: Float32Array;
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
  if (sizeOf(shape) === source.count) return;
  const message = `'${path}': '${source.from}' has ${source.count} numbers, but '${name}' of the network is [${shape.join(', ')}]`;
  const details = { source: path, tensor: source.from, name, expected: shape, actual: source.count };
  throw new InterchangeError('tensor_mismatch', message, details);
}

/** A layout that refuses the first parameter or buffer that the file does not give as it is asked for. */
class GivenLayout extends ParameterLayout {
  readonly #path: string;
  readonly #weights: Weights;

  constructor(path: string, weights: Weights) {
    super();
    this.#path = path;
    this.#weights = weights;
  }

  override place(...[name, request]: Parameters<ParameterLayout['place']>): number {
    requireSource(this.#path, this.#weights, name, request.shape);
    return super.place(name, request);
  }

  override placeBuffer(...[name, request]: Parameters<ParameterLayout['placeBuffer']>): number {
    requireSource(this.#path, this.#weights, name, request.shape);
    return super.placeBuffer(name, request);
  }
}

/**
 * Every tensor of the network has a source, and every source a tensor. Nothing is allocated: a description may claim any size.
 *
 * @throws {InterchangeError} `missing_tensor`, `unused_tensor`, `tensor_mismatch`
 */
export function requireWeights(path: string, description: NetworkDescription, weights: Weights): void {
  const layout = new GivenLayout(path, weights);
  buildForward(description, layout, { training: false });
  for (const [name, { from }] of weights) {
    if (layout.requests.has(name) || layout.buffers.has(name)) continue;
    const message = `'${path}': '${from}' belongs to '${name}', which the network does not have`;
    throw new InterchangeError('unused_tensor', message, { source: path, tensor: from, name });
  }
}

function fill(path: string, { data }: Target, { from, read }: WeightSource): void {
  data.set(read());
  const { nonFinite, firstNonFinite: index } = native().probe(data);
  if (nonFinite === 0) return;
  const message = `'${path}': '${from}' has ${data[index]} at ${index}, expected a finite number`;
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
