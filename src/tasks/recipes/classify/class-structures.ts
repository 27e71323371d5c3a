/** Structures of classifiers that `auto` compares. */
import type { JsonObject } from '../../../core/json.js';
import { bodyStructures } from '../../building-blocks/body-structures.js';
import type { Structure } from '../../definition/structure.js';

/** The options that the structures differ in. */
interface ClassStructureOptions {
  readonly cell: 'rnn' | 'lstm' | 'gru';
  readonly layers: number;
  readonly units: number;
  readonly dropout: number;
  readonly recurrent: JsonObject;
  readonly pooling: string;
  readonly front: 'none' | 'convolution' | undefined;
}

/** Other ways from steps to one row, and without or with convolutions where the data have decided about them. */
export function classStructures(
  options: ClassStructureOptions,
): readonly Structure<'cell' | 'layers' | 'units' | 'dropout' | 'pooling' | 'front'>[] {
  const { pooling, front } = options;
  return [
    {
      name: pooling === 'mean' ? 'max pooling' : 'mean pooling',
      options: { pooling: pooling === 'mean' ? 'max' : 'mean' },
    },
    ...(pooling === 'attention' ? [] : [{ name: 'attention pooling', options: { pooling: 'attention' } }]),
    ...(front === 'convolution' ? [{ name: 'no convolutions', options: { front: 'none' } }] : []),
    ...bodyStructures(options),
  ];
}
