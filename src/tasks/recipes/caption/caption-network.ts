/**
 * The network of a picture and its caption: patches, an initial state made from them, and words with attention over
 * them.
 */

import { type ExampleForm, packExamples } from '../../../batch/example-packing.js';
import { OptionError } from '../../../core/errors.js';
import { describeValue } from '../../../core/options.js';
import { type Network, type NodeDescription, network } from '../../../model/network.js';
import { type AttentionScore, attention } from '../../../network/layers/attention.js';
import { activation, dense, dropout } from '../../../network/layers/dense.js';
import { embedding } from '../../../network/layers/embedding.js';
import { type AnyLayer, concatenate } from '../../../network/layers/layers.js';
import { pool } from '../../../network/layers/pool.js';
import { recurrentBody } from '../../building-blocks/recurrent-body.js';
import { weightTarget } from '../../building-blocks/row-weights.js';
import type { SequenceTable } from '../../definition/common-options.js';
import type { Packing } from '../../definition/task.js';
import type { Checked } from '../../definition/task-options.js';
import type { CaptionExample, SavedCaptions } from './caption-data.js';

/** The options of the network. */
export interface CaptionShape extends Checked<SequenceTable> {
  readonly embedding: number;
  readonly attention: AttentionScore | 'none';
  readonly start: 'mean' | 'max' | 'all';
  readonly weight: string | undefined;
}

/** Time axis of the patches; words are on `time`. */
const PATCHES = 'patches';

/** The attention node over the patches. */
export const CONTEXT = 'context';

function refuse(name: string, expected: string, value: unknown): never {
  const message = `option '${name}' must be ${expected}, got ${describeValue(value)}`;
  throw new OptionError('invalid_option', message, { name, value });
}

/**
 * The network. `start` sets the source of the initial state: the mean or the maximum of all projected patches, or the
 * projection of all patches together.
 *
 * @throws {OptionError} `invalid_option` for a direction that is not forward, or `all` where pictures have different numbers of patches
 */
export function captionNetwork(
  given: CaptionShape,
  { width, patches, vocabulary: { symbols } }: SavedCaptions,
): Network {
  const { units, layers, dropout: rate, start, attention: score, cell, direction } = given;
  if (direction !== 'forward') refuse('direction', 'forward: a caption is written word by word', direction);
  if (start === 'all' && patches === null)
    refuse('start', 'mean or max, because the pictures have different numbers of patches', start);
  const nodes: NodeDescription[] = [];
  const add = (name: string, layer: AnyLayer, ...inputs: string[]): string => {
    nodes.push({ name, layer, inputs });
    return name;
  };
  const dropped = (name: string, from: string) => (rate > 0 ? add(name, dropout({ rate }), from) : from);
  const memory = add('memory', activation('relu'), add('projection', dense({ units }), 'patches'));
  const whole = start === 'all' ? 'picture' : add('summary', pool({ over: start }), memory);
  const seen = add('seen', activation('tanh'), add('seenSum', dense({ units }), dropped('wholeDropout', whole)));
  const states: Record<string, string> = {};
  for (let layer = 0; layer < layers; layer++) {
    for (const state of cell === 'lstm' ? ['h', 'c'] : ['h']) {
      const sum = add(`${state}${layer}Sum`, dense({ units }), seen);
      states[`${state}_l${layer}`] = add(`${state}${layer}`, activation('tanh'), sum);
    }
  }
  const previous = add('embedding', embedding({ size: symbols.length, units: given.embedding }), 'previous');
  const [recurrent] = recurrentBody({ ...given, dropout: layers > 1 ? rate : 0 }, 'none');
  nodes.push({ name: 'decoder', layer: recurrent as AnyLayer, inputs: [dropped('wordDropout', previous)], states });
  let last = 'decoder';
  if (score !== 'none') {
    const context = attention(score === 'additive' ? { score, units } : { score });
    const told = add('told', concatenate(), last, add(CONTEXT, context, last, memory));
    last = add('combined', activation('tanh'), add('combinedSum', dense({ units }), told));
  }
  add('words', dense({ units: symbols.length }), dropped('lastDropout', last));
  return network({
    inputs: {
      previous: { kind: 'indices', size: symbols.length },
      patches: { kind: 'features', units: width, axis: PATCHES },
      ...(start === 'all' && { picture: { kind: 'features', units: width * (patches as number), per: 'sequence' } }),
    },
    nodes,
    output: 'words',
  });
}

/** How examples become batches. @param hasTargets false for predictions */
export function captionForm(
  { start, weight }: Pick<CaptionShape, 'start' | 'weight'>,
  { width, patches }: SavedCaptions,
  hasTargets: boolean,
): ExampleForm {
  return {
    inputs: {
      previous: {},
      patches: { axis: PATCHES, width },
      ...(start === 'all' && {
        picture: { field: 'patches', per: 'sequence', width: width * (patches as number) },
      }),
    },
    ...(hasTargets && { targets: { target: { field: 'words' }, ...weightTarget(weight) } }),
  };
}

/** Batches of captions of similar lengths. */
export function captionPacking(
  given: Pick<CaptionShape, 'start' | 'weight'>,
  saved: SavedCaptions,
): Packing<CaptionExample> {
  const form = captionForm(given, saved, true);
  return { length: ({ previous }) => previous.length, pack: (examples) => packExamples(examples, form) };
}
