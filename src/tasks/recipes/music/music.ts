/** Polyphonic music: predicts which keys sound in the next frame, with a separate probability for each key. */

import { DataError, OptionError } from '../../../core/errors.js';
import { type JsonValue, parseShallowJson } from '../../../core/json.js';
import { describeValue } from '../../../core/options.js';
import { Random } from '../../../core/random.js';
import { isFloat32Array } from '../../../core/typed-array.js';
import { PIANO_KEYS, type PianoPiece, pianoFrame, pianoPiece, readPianoPieces } from '../../../files/piano-pieces.js';
import { KeyLikelihood } from '../../../metrics/key-likelihood.js';
import { sequential } from '../../../model/network.js';
import { dense } from '../../../network/layers/dense.js';
import { bodyStructures } from '../../building-blocks/body-structures.js';
import { outputsOf } from '../../building-blocks/outputs.js';
import { recurrentBody } from '../../building-blocks/recurrent-body.js';
import { requireData } from '../../building-blocks/require-data.js';
import { weightOption } from '../../building-blocks/row-weights.js';
import { inputValue } from '../../building-blocks/sequence-inputs.js';
import { trainingLength } from '../../building-blocks/training-length.js';
import { commonOptions, settledOptions } from '../../definition/common-options.js';
import { defineTask } from '../../definition/define-task.js';
import { sizeOf } from '../../definition/parts.js';
import { valuesOf } from '../../definition/reasoned.js';
import type { PredictionSource, TaskStream } from '../../definition/task.js';
import { choiceOption, numberOption } from '../../definition/task-options.js';
import { MUSIC } from '../defaults/music.js';
import { MUSIC_PACKING, readMoreMusic, readMusic, type SavedMusic, STEP_WIDTH, stepsOf } from './music-data.js';
import { musicRules } from './music-rules.js';
import { MusicStream } from './music-stream.js';

const options = {
  ...settledOptions(
    commonOptions(
      valuesOf(MUSIC, ['valid', 'test', 'cell', 'units', 'dropout', 'batch', 'learningRate', 'schedule']),
      'a fraction of the pieces, or a file, where the data has no such part; 0 for none',
    ),
    ['epochs', 'patience'],
  ),
  weight: weightOption('field'),
  steps: numberOption(
    { integer: true, min: 1 },
    { description: 'frames of a continuation', default: MUSIC.steps.value },
  ),
  choose: choiceOption(['sample', 'threshold'], {
    description: 'how keys are chosen: drawn by their probabilities, or those above the threshold',
    default: MUSIC.choose.value,
  }),
  threshold: numberOption(
    { min: 0, max: 1 },
    { description: 'smallest probability of a chosen key', default: MUSIC.threshold.value },
  ),
  temperature: numberOption(
    { exclusiveMin: 0 },
    { description: 'number that the log odds are divided by before keys are drawn', default: MUSIC.temperature.value },
  ),
};

/** What is saved with a model of music. */
export type MusicSaved = SavedMusic;

/** The continuation of a piece: the notes of each frame. */
export type Continuation = { readonly notes: readonly (readonly number[])[] };

/** The next frame in a stream: its likely notes, and the probability of each. */
export type NextFrame = { readonly notes: readonly number[]; readonly probabilities: readonly number[] };

/** Polyphonic music. */
export const music = defineTask({
  name: 'music',
  summary: 'the next frame of a piece: 88 keys, from JSON',
  structures: bodyStructures,
  options,
  usage: ['steps', 'choose', 'threshold', 'temperature', 'seed'],
  packing: () => MUSIC_PACKING,
  loss: ({ weight }) =>
    weight === undefined ? 'sigmoidCrossEntropy' : { kind: 'sigmoidCrossEntropy', weights: 'sequence' },
  read: (given) => readMusic(requireData(given), given),
  readExamples: (file) => readMoreMusic(file),

  network(given) {
    if (given.direction !== 'forward') {
      const { direction } = given;
      const message = `option 'direction' must be forward: the next frame is not known yet, got ${describeValue(direction)}`;
      throw new OptionError('invalid_option', message, { name: 'direction', value: direction });
    }
    // Most keys are silent in most frames. Training starts from these frequencies, so that it need not learn them.
    const initializer = given.init.includes('bias=') ? given.init : `${given.init},bias=-3`;
    const keys = dense({ units: PIANO_KEYS, initializer });
    return sequential([...recurrentBody(given, 'none'), keys], { features: STEP_WIDTH });
  },

  /** Nats of a frame, and how many keys are right at a threshold of one half. */
  async evaluate(model, part, { signal }) {
    const scores = new KeyLikelihood();
    for await (const { example, output } of outputsOf(model, part, MUSIC_PACKING, signal)) {
      scores.add(example.target as Float32Array, output, PIANO_KEYS);
    }
    return { nats: scores.value ?? null, accuracy: scores.accuracy, frames: scores.frames };
  },

  describe({ nats, accuracy }) {
    return `nats per frame ${Number(nats).toFixed(3)}  accuracy ${(100 * Number(accuracy)).toFixed(2)} %`;
  },

  /** Starts of pieces, `{"notes": piece}` or a piece; an empty one for a piece from the start. */
  async readInputs(source: PredictionSource<string | PianoPiece | { readonly notes: PianoPiece }>) {
    if ('file' in source) {
      const { train, test = train } = await readPianoPieces(source.file);
      return test.map((piece) => ({ input: stepsOf(piece) }));
    }
    return source.values.map((value, at) => {
      const fields = inputValue(value, 'features');
      return { input: stepsOf(pianoPiece(fields['notes'] ?? fields['input'], `input ${at}`)) };
    });
  },

  /** The frames that continue each piece. */
  async *predict(model, inputs, { options: given, signal }): AsyncGenerator<Continuation, void, void> {
    for (const [at, { input }] of inputs.entries()) {
      signal?.throwIfAborted();
      const random = new Random(given.seed, `continuation/${at}`);
      const stream = new MusicStream(model);
      for (let begin = STEP_WIDTH; begin < input.length; begin += STEP_WIDTH) {
        stream.read(input.subarray(begin, begin + STEP_WIDTH) as Float32Array);
      }
      const notes: (readonly number[])[] = [];
      for (let step = 0; step < given.steps; step++) {
        const frame =
          given.choose === 'sample' ? stream.draw(random, given.temperature) : stream.above(given.threshold);
        notes.push(frame);
        stream.read(stepsOf([frame]).subarray(STEP_WIDTH));
      }
      stream.close();
      yield { notes };
    }
  },

  settle: (given, { training, validation }) =>
    trainingLength(sizeOf(training), MUSIC.length.value, given, validation !== undefined),
  naiveRules: (_data, { saved }) => musicRules(saved),

  /**
   * Frames as they arrive, each a list of notes. The result has the notes of the next frame whose probability is above
   * one half.
   */
  stream(model): TaskStream<NextFrame> {
    const stream = new MusicStream(model);
    return {
      pieces: 'lines',
      async push(piece) {
        stream.read(stepsOf([pianoFrame(frameOf(piece), `frame ${stream.frames}`)]).subarray(STEP_WIDTH));
        const notes = stream.above(0.5);
        return [{ notes, probabilities: notes.map((note) => stream.probabilityOf(note)) }];
      },
      end: async () => [],
      close: () => stream.close(),
    };
  },
});

/** A frame as JSON, or as its text. @throws {DataError} `invalid_row` */
function frameOf(piece: JsonValue | Float32Array): JsonValue {
  if (isFloat32Array(piece)) return [...piece];
  if (typeof piece !== 'string') return piece;
  try {
    return parseShallowJson(piece);
  } catch (cause) {
    throw new DataError('invalid_row', `a frame must be a list of notes, got ${describeValue(piece)}`, {}, cause);
  }
}
