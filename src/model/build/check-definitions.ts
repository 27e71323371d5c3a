/** Builds what a compilation does not need, to find mistakes in layers and optimizers of one's own before anything is allocated. */
import { Graph } from '../../graph/graph.js';
import type { NetworkDescription } from '../../network/description.js';
import { ownDefinitionsIn } from '../../network/layers/layer.js';
import { ownOptimizerDefinition } from '../../network/optimizers/definition.js';
import type { OptimizerDescription } from '../../network/optimizers/optimizer.js';
import { buildForward } from './build-forward.js';
import { buildUpdate } from './build-update.js';
import { type ParameterLayout, refuseBuild } from './parameters.js';

/** @throws {UsageError} `invalid_definition` for a parameter or buffer that the build for training does not ask for */
function requireAll(what: 'parameter' | 'buffer', all: Iterable<string>, asked: ReadonlySet<string>): void {
  for (const name of all) {
    if (!asked.has(name)) refuseBuild(what, name, 'at other builds, but is not while training');
  }
}

/** Builds the layers as training does. */
function checkLayers(description: NetworkDescription, layout: ParameterLayout): void {
  const { parameters, buffers } = buildForward(description, layout, { training: true });
  requireAll('parameter', layout.requests.keys(), new Set(parameters.map(({ name }) => name as string)));
  requireAll('buffer', layout.buffers.keys(), new Set(buffers.keys()));
}

/**
 * Seals the layout, and builds the layers as training does where one is of a user's own, and the update where the optimizer is.
 *
 * @param optimizer undefined for a model that is not trained
 * @param layout has every parameter and buffer that a build without training asks for
 * @throws {UsageError} `invalid_definition` when a build for training asks for others, or an update returns what is no value
 * @throws {ShapeError} `shape_mismatch`
 */
export function checkDefinitions(
  description: NetworkDescription,
  optimizer: OptimizerDescription | undefined,
  layout: ParameterLayout,
): void {
  layout.seal();
  const isOwn = description.nodes.some(({ layer }) => !ownDefinitionsIn(layer).next().done);
  if (isOwn) checkLayers(description, layout);
  if (optimizer === undefined || layout.bytes === 0) return;
  if (ownOptimizerDefinition(optimizer) !== undefined) buildUpdate(new Graph(), optimizer, layout);
}
