/** All kinds of layers: those of the library, and those that users define. */
import { OptionError } from '../../core/errors.js';
import { callHint, describeValue } from '../../core/options.js';
import { type AttentionDescription, attentionLayer } from './attention.js';
import { type BatchNormalizationDescription, batchNormalizationLayer } from './batch-normalization.js';
import { type ColumnConvolutionDescription, columnConvolutionLayer } from './column-convolution.js';
import { type Conv1dDescription, conv1dLayer } from './conv1d.js';
import {
  type ActivationDescription,
  activationLayer,
  type DenseDescription,
  type DropoutDescription,
  denseLayer,
  dropoutLayer,
} from './dense.js';
import { type EmbeddingDescription, embeddingLayer } from './embedding.js';
import { type LayerDefinition, type LayerDefinitions, type LayerDescription, ownDefinition } from './layer.js';
import { type LayerNormalizationDescription, layerNormalizationLayer } from './layer-normalization.js';
import { type MergeDescription, mergeLayers } from './merge.js';
import { type OperationDescription, operationLayer } from './operation.js';
import { type PenaltyDescription, penaltyLayer } from './penalty.js';
import { type PoolDescription, poolLayer } from './pool.js';
import { type RecurrentDescription, recurrentLayers } from './recurrent.js';

export { add, average, concatenate, type MergeDescription, multiply, sum } from './merge.js';

/** Description of a layer of the library. */
export type BuiltInLayer =
  | EmbeddingDescription
  | ColumnConvolutionDescription
  | Conv1dDescription
  | RecurrentDescription
  | DenseDescription
  | DropoutDescription
  | ActivationDescription
  | LayerNormalizationDescription
  | BatchNormalizationDescription
  | PoolDescription
  | PenaltyDescription
  | AttentionDescription
  | MergeDescription
  | OperationDescription;

declare const isDefined: unique symbol;

/** Description of a layer that a user has defined; only what `defineLayer` returns makes such. */
export interface DefinedLayer extends LayerDescription {
  readonly [isDefined]: true;
}

/** Description of any layer. */
export type AnyLayer = BuiltInLayer | DefinedLayer;

const BUILT_IN: readonly LayerDefinition[] = [
  embeddingLayer,
  columnConvolutionLayer,
  conv1dLayer,
  ...recurrentLayers,
  denseLayer,
  dropoutLayer,
  activationLayer,
  layerNormalizationLayer,
  batchNormalizationLayer,
  poolLayer,
  penaltyLayer,
  attentionLayer,
  ...mergeLayers,
  operationLayer,
];

/** The definitions of the layers of the library. */
export const builtInLayers: LayerDefinitions = new Map(BUILT_IN.map((definition) => [definition.kind, definition]));

const NONE: LayerDefinitions = new Map();

/** The definition of a layer. @throws {OptionError} `unknown_layer` */
export function layerRule(description: LayerDescription, definitions: LayerDefinitions = NONE): LayerDefinition {
  if (typeof description !== 'object' || description === null) {
    const message = `a layer must be what a function such as gru({ units: 8 }) returns, got ${describeValue(description)}${callHint(description)}`;
    throw new OptionError('invalid_option', message, { name: 'layer', value: description });
  }
  const { kind } = description;
  const found = ownDefinition(description) ?? builtInLayers.get(kind) ?? definitions.get(kind);
  if (found !== undefined) return found;
  const kinds = [...builtInLayers.keys(), ...definitions.keys()].join(', ');
  const help = `a layer of one's own is brought back by the option 'layers', with what defineLayer returned: networkFromJSON(json, { layers: [...] })`;
  throw new OptionError('unknown_layer', `layer '${kind}' is unknown; there are ${kinds}; ${help}`, {
    name: 'kind',
    value: kind,
    option: 'layers',
  });
}

/**
 * A checked description from JSON.
 *
 * @param definitions of layers beside those of the library
 * @throws {OptionError} `invalid_option`, `unknown_option`, `unknown_layer`
 */
export function layerFromJSON(json: LayerDescription, definitions: LayerDefinitions = NONE): AnyLayer {
  const { kind: _, ...options } = json;
  return layerRule(json, definitions).fromOptions(options, definitions) as AnyLayer;
}

/** Whether a layer of the library is of that kind. */
export function isKind<K extends BuiltInLayer['kind']>(
  layer: AnyLayer | undefined,
  kind: K,
): layer is Extract<BuiltInLayer, { readonly kind: K }> {
  return layer?.kind === kind;
}

/** Names of the states of a layer that a network may give to it, or read of it. @throws {OptionError} `unknown_layer` */
export function statesOf(description: LayerDescription): readonly string[] {
  return layerRule(description).states?.(description) ?? [];
}
