/** How examples become the batches of a model, as far as the model determines it. */

import { TIME } from '../../batch/axes.js';
import type { SequencePackingOptions } from '../../batch/sequence-packing.js';
import { ConfigurationError } from '../../core/errors.js';
import type { Model } from '../../model/model.js';
import { type InputDescription, type NetworkDescription, outputNodes } from '../../network/description.js';
import { isLossKind } from '../../network/losses/losses.js';

/** Name of the input of packed sequences. */
const INPUT = 'input';

/** The part of a model that packing needs. */
export type PackedModel = Pick<Model, 'description' | 'loss' | 'outputs' | 'outputPer'>;

/**
 * The only input of a network, with a row for every step of the axis `time`.
 *
 * @param field field of the task that must be defined for a network of another form
 * @throws {ConfigurationError} `invalid_task` for a network of another form
 */
export function onlyInput({ inputs }: NetworkDescription, field: string): InputDescription {
  const { [INPUT]: input, ...others } = inputs;
  if (input !== undefined && Object.keys(others).length === 0) {
    const { axis = TIME, per } = input;
    if (axis === TIME && per === undefined) return input;
  }
  return refuse(
    field,
    `the default is for a network with one input, '${INPUT}', that has steps; this one has ${Object.keys(inputs).join(', ')}`,
  );
}

/**
 * The packing of `SequenceExample`s for a model of one input and one output. Inputs have the width of the input, and
 * targets the width and the rows of the output.
 *
 * @throws {ConfigurationError} `invalid_task` for a network with more inputs or outputs, and for a CTC loss: the task
 * must define their packing
 */
export function packingOf(model: PackedModel): Required<SequencePackingOptions> {
  const input = onlyInput(model.description, 'packing');
  requireOneOutput(model.description, 'packing');
  const { loss, outputs, outputPer } = model;
  if (isLossKind(loss, 'ctc')) {
    refuse('packing', 'the default has no packing for the labels of a CTC loss');
  }
  const levels = isLossKind(loss, 'quantile') ? loss.levels.length : 1;
  return {
    features: input.kind === 'features' ? input.units : 1,
    targetFeatures: outputs / levels,
    targetPer: outputPer,
  };
}

/** @throws {ConfigurationError} `invalid_task` for a network of several outputs */
export function requireOneOutput(description: NetworkDescription, field: string): void {
  const names = [...outputNodes(description).keys()];
  if (names.length > 1) refuse(field, `the default is for a network with one output; this one has ${names.join(', ')}`);
}

function refuse(field: string, reason: string): never {
  const message = `the task needs the field '${field}': ${reason}`;
  throw new ConfigurationError('invalid_task', message, { field });
}
