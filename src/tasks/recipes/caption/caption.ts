/**
 * Captions for pictures: the inputs are patches of colours, or features of another model; the words have attention over
 * them.
 */

import type { JsonObject } from '../../../core/json.js';
import { isJsonObject } from '../../../core/json.js';
import { JsonRow, readJsonLines } from '../../../files/json-lines.js';
import { bodyStructures } from '../../building-blocks/body-structures.js';
import { requireData } from '../../building-blocks/require-data.js';
import { weightOption } from '../../building-blocks/row-weights.js';
import { inputValue } from '../../building-blocks/sequence-inputs.js';
import { trainingLength } from '../../building-blocks/training-length.js';
import { commonOptions, settledOptions } from '../../definition/common-options.js';
import { defineTask } from '../../definition/define-task.js';
import { sizeOf } from '../../definition/parts.js';
import { valuesOf } from '../../definition/reasoned.js';
import type { PredictionSource } from '../../definition/task.js';
import { type Checked, choiceOption, flagOption, numberOption } from '../../definition/task-options.js';
import { CAPTION } from '../defaults/caption.js';
import { readCaptions, readMoreCaptions, readUncaptioned, type SavedCaptions } from './caption-data.js';
import { attentionOf, captionScores, captionsOf } from './caption-decoding.js';
import { captionNetwork, captionPacking } from './caption-network.js';
import { pictureOfRow } from './caption-pictures.js';
import { captionRules } from './caption-rules.js';

const count = { integer: true, min: 1 } as const;
const options = {
  ...settledOptions(
    commonOptions(
      valuesOf(CAPTION, ['valid', 'test', 'cell', 'units', 'dropout', 'learningRate', 'schedule']),
      'a fraction of the groups to hold back, or a file; 0 for none',
    ),
    ['epochs', 'batch', 'patience', 'init'],
  ),
  rows: numberOption(count, { description: 'patches of a picture from top to bottom', default: CAPTION.rows.value }),
  columns: numberOption(count, {
    description: 'patches of a picture from left to right',
    default: CAPTION.columns.value,
  }),
  cells: numberOption(count, {
    description: 'mean colours of a patch in each direction',
    default: CAPTION.cells.value,
  }),
  positions: choiceOption(['xy', 'none'], {
    description: 'whether the features of a patch include the position of its centre',
    default: CAPTION.positions.value,
  }),
  embedding: numberOption(count, { description: 'size of the embedding of words', default: CAPTION.embedding.value }),
  attention: choiceOption(['dot', 'general', 'additive', 'none'], {
    description: 'kind of attention to the patches',
    default: CAPTION.attention.value,
  }),
  start: choiceOption(['mean', 'max', 'all'], {
    description:
      'what the first state is made of: the mean or maximum of the projected patches, or all of them at once',
    default: CAPTION.start.value,
  }),
  minCount: numberOption(count, {
    description: 'words that occur in fewer groups are unknown',
    default: CAPTION.minCount.value,
  }),
  shuffleImages: flagOption(
    'control experiment: each caption is paired with the picture of another group, in training and evaluation',
  ),
  weight: weightOption('field'),
  beams: numberOption(count, { description: 'number of beams in the search', default: CAPTION.beams.value }),
  maxLength: numberOption(count, {
    description: 'largest number of words in a caption',
    default: CAPTION.maxLength.value,
  }),
  lengthPenalty: choiceOption(['none', 'wu', 'mean'], {
    description: 'number that the log probability of a caption is divided by',
    default: CAPTION.lengthPenalty.value,
  }),
  nBest: numberOption(count, { description: 'number of captions for each picture', default: CAPTION.nBest.value }),
};

type Options = Checked<typeof options>;

const dataOptions = (given: Options) => ({ ...given, positions: given.positions === 'xy' });

/** What is saved with a model that captions pictures. */
export type CaptionSaved = SavedCaptions;

/** The caption of a picture. */
export type Caption = {
  readonly text: string;
  /** The score of the search; null when it found nothing. */
  readonly score: number | null;
  /** The best captions, this one first. */
  readonly nBest: readonly { readonly text: string; readonly score: number }[];
  /** Weights of each word over the patches: rows of the picture, or a list for features; missing without attention. */
  readonly attention?: readonly {
    readonly word: string;
    readonly weights: readonly number[] | readonly (readonly number[])[];
  }[];
};

/** Captions of pictures. */
export const caption = defineTask({
  name: 'caption',
  summary: 'a sentence for a picture: PNG files or features, from JSON lines',
  structures: bodyStructures,
  options,
  usage: ['beams', 'maxLength', 'lengthPenalty', 'nBest'],
  loss: ({ weight }) =>
    weight === undefined ? 'softmaxCrossEntropy' : { kind: 'softmaxCrossEntropy', weights: 'sequence' },
  read: (given) => readCaptions(requireData(given), dataOptions(given)),
  readExamples: (file, given, saved) => readMoreCaptions(file, dataOptions(given), saved),
  packing: captionPacking,
  network: captionNetwork,

  async evaluate(model, part, { options: given, saved, signal }) {
    const scores = await captionScores(model, part, { given, saved, signal });
    return { ...scores, ...(given.shuffleImages && { shuffledImages: true }) };
  },

  describe({ perplexity, shuffledPerplexity, bleu, shuffledImages }) {
    const control = shuffledImages === true ? '  (pictures of other captions)' : '';
    const digits = (value: typeof perplexity) => Number(value).toFixed(3);
    const scores = `perplexity ${digits(perplexity)}  beside other pictures ${digits(shuffledPerplexity)}`;
    return `${scores}  BLEU ${(100 * Number(bleu)).toFixed(2)} %${control}`;
  },

  /** Pictures by their names, or lines like those of the training, whose texts are not read. */
  async readInputs(source: PredictionSource<string | JsonObject | readonly (readonly number[])[]>, given, saved) {
    const pictureData = dataOptions(given);
    if ('file' in source)
      return readUncaptioned(await readJsonLines(source.file, (row) => pictureOfRow(row)), pictureData, saved);
    const places = source.values.map((value, at) => {
      const { input, ...fields } = inputValue(value, 'features');
      const named = typeof input === 'string' ? { [saved.kind]: input } : isJsonObject(input) ? input : fields;
      return pictureOfRow(new JsonRow(named, { file: 'inputs', line: at + 1 }), '.');
    });
    return readUncaptioned(places, pictureData, saved);
  },

  /** The best caption, other captions, and for each word of the best one its attention weights over the patches. */
  async *predict(model, inputs, { options: given, saved, signal }): AsyncGenerator<Caption, void, void> {
    const { rows, columns, nBest, attention } = given;
    for await (const { example, found } of captionsOf(model, inputs, { given, saved, best: nBest, signal })) {
      const nBestTexts = found.map(({ tokens, score }) => ({ text: tokens.join(' '), score }));
      const [best] = found;
      const said: Caption = { text: nBestTexts[0]?.text ?? '', score: best?.score ?? null, nBest: nBestTexts };
      if (attention === 'none' || best === undefined) yield said;
      else {
        const map = await attentionOf(model, example, best.symbols, { given, saved, signal });
        const words = best.tokens.map((word, at) => ({
          word,
          weights: gridOf(map.weights.subarray(at * map.memorySteps, (at + 1) * map.memorySteps), saved, rows, columns),
        }));
        yield { ...said, attention: words };
      }
    }
  },

  settle: (given, { training, validation }) => ({
    ...trainingLength(sizeOf(training), CAPTION.length.value, given, validation !== undefined),
    init: CAPTION.init,
  }),
  naiveRules: ({ training }) => captionRules(training),
});

/** Weights as rows of the grid, if there is one, with four digits, which are enough for display. */
function gridOf(weights: Float32Array, { kind }: SavedCaptions, rows: number, columns: number): number[] | number[][] {
  const list = Array.from(weights, (weight) => Number(weight.toPrecision(4)));
  if (kind === 'features') return list;
  return Array.from({ length: rows }, (_, row) => list.slice(row * columns, (row + 1) * columns));
}
