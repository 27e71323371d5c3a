/** All kinds of layers. */
import { OptionError } from '../../core/errors.js';
import { rejectUnknownKeys } from '../../core/options.js';
import { type AttentionDescription, attention, attentionRule } from './attention.js';
import {
  type ActivationDescription,
  activation,
  activationRule,
  type DenseDescription,
  type DropoutDescription,
  dense,
  denseRule,
  dropout,
  dropoutRule,
} from './dense.js';
import { type EmbeddingDescription, embedding, embeddingRule } from './embedding.js';
import type { LayerDescription, LayerRule } from './layer.js';
import {
  type LayerNormalizationDescription,
  layerNormalization,
  layerNormalizationRule,
} from './layer-normalization.js';
import { type Merge, merged } from './merge.js';
import { type PenaltyDescription, penalty, penaltyRule } from './penalty.js';
import { type PoolDescription, pool, poolRule } from './pool.js';
import { gru, lstm, type RecurrentDescription, recurrentRule, rnn } from './recurrent.js';
import { alignedRows } from './rows.js';

/** Frozen description of a layer that joins several inputs row by row. */
export interface MergeDescription {
  readonly kind: Merge;
}

/**
 * Joins the columns of its inputs: [N, A], [N, B], ... -> [N, A+B+...]. An input with one row for each sequence is repeated at
 * every step beside inputs with steps; from another time axis it is carried over first.
 */
export function concatenate(): MergeDescription {
  return Object.freeze({ kind: 'concatenate' });
}

/** Adds its inputs, which have as many columns: [N, F], [N, F], ... -> [N, F]. Rows are joined as by `concatenate`. */
export function sum(): MergeDescription {
  return Object.freeze({ kind: 'sum' });
}

const mergeRule: LayerRule<MergeDescription> = {
  build({ kind }, { graph }, inputs) {
    return merged(graph, kind, alignedRows(graph, inputs));
  },
};

/** Description of any layer. */
export type AnyLayer =
  | EmbeddingDescription
  | RecurrentDescription
  | DenseDescription
  | DropoutDescription
  | ActivationDescription
  | LayerNormalizationDescription
  | PoolDescription
  | PenaltyDescription
  | AttentionDescription
  | MergeDescription;

interface Kind {
  readonly rule: LayerRule;
  /** Makes a checked description from JSON. */
  readonly fromOptions: (options: never) => AnyLayer;
  /** Whether the output of a step depends on no later step. */
  readonly isCausal: (description: never) => boolean;
}

/** For a kind whose maker takes other arguments than the fields of its description. */
function withFields<O>(
  name: string,
  fields: readonly string[],
  make: (options: O) => AnyLayer,
): (options: O) => AnyLayer {
  return (options) => {
    rejectUnknownKeys(name, options, fields);
    return make(options);
  };
}

function kind<D extends LayerDescription, O>(
  rule: LayerRule<D>,
  fromOptions: (options: O) => AnyLayer,
  isCausal: (description: D) => boolean = () => true,
): Kind {
  return { rule: rule as unknown as LayerRule, fromOptions: fromOptions as Kind['fromOptions'], isCausal };
}

const readsForward = ({ direction = 'forward' }: RecurrentDescription) => direction === 'forward';

const KINDS: Readonly<Record<string, Kind>> = {
  embedding: kind(embeddingRule, embedding),
  rnn: kind(recurrentRule, rnn, readsForward),
  lstm: kind(recurrentRule, lstm, readsForward),
  gru: kind(recurrentRule, gru, readsForward),
  dense: kind(denseRule, dense),
  dropout: kind(dropoutRule, dropout),
  activation: kind(
    activationRule,
    withFields('activation', ['name'], ({ name }: ActivationDescription) => activation(name)),
  ),
  layerNormalization: kind(layerNormalizationRule, layerNormalization),
  pool: kind(poolRule, pool, ({ over }) => over === 'last'),
  penalty: kind(penaltyRule, penalty),
  attention: kind(attentionRule, attention),
  concatenate: kind(mergeRule, withFields('concatenate', [], concatenate)),
  sum: kind(mergeRule, withFields('sum', [], sum)),
};

/** The rule of a layer. @throws {OptionError} `unknown_layer` */
export function layerRule(description: LayerDescription): LayerRule {
  return kindOf(description).rule;
}

/** A checked description from JSON. @throws {OptionError} `invalid_option`, `unknown_option`, `unknown_layer` */
export function layerFromJSON(json: LayerDescription): AnyLayer {
  const { kind: _, ...options } = json;
  return kindOf(json).fromOptions(options as never);
}

/**
 * Whether the layer can read a sequence step by step as it grows: a layer that reads in reverse or sums up the whole
 * sequence cannot.
 *
 * @throws {OptionError} `unknown_layer`
 */
export function isCausal(description: LayerDescription): boolean {
  return kindOf(description).isCausal(description as never);
}

function kindOf(description: LayerDescription): Kind {
  const found = Object.hasOwn(KINDS, description.kind) ? KINDS[description.kind] : undefined;
  if (found !== undefined) return found;
  const kinds = Object.keys(KINDS).join(', ');
  const help = "one of a user's own is given as the option 'layers'";
  throw new OptionError('unknown_layer', `layer '${description.kind}' is unknown; there are ${kinds}; ${help}`, {
    name: 'kind',
    value: description.kind,
  });
}
