import { CharacterVocabulary } from '../../src/data/character-vocabulary.js';
import { TokenStreams } from '../../src/data/streams.js';
import { ToyModel } from './toy-model.js';

/** Repeating ids, as streams. */
export function streams(n: number, batch: number, steps: number): TokenStreams {
  return new TokenStreams(
    Int32Array.from({ length: n }, (_, id) => (id * 7) % 11),
    { batch, steps },
  );
}

/** A name for each of the ids. */
export const vocabulary = CharacterVocabulary.fromText('abcdefghijk');

/** Validation losses that change the decisions of best weights, plateau and early stopping. */
const LOSSES = [3, 2.5, 2.6, 2.4, 2.45, 2.3, 2.31, 2.32, 2.2, 2.33, 2.34];

/** A model whose validation losses are LOSSES, by optimizer step. */
export function newModel(): ToyModel {
  const model = new ToyModel(3);
  model.validationLoss = (step) => LOSSES[step % LOSSES.length] ?? 0;
  return model;
}
