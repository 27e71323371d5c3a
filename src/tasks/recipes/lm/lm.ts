/** Language models: they predict the next symbol of a text, which is read as long streams with the state carried. */

import { createHash } from 'node:crypto';
import type { JsonObject } from '../../../core/json.js';
import { kebabCase } from '../../../core/kebab-case.js';
import { byteStreams, type Corpus, characterStreams, wordStreams } from '../../../data/corpus.js';
import { vocabularyFromJSON } from '../../../data/saved-vocabulary.js';
import { TokenStreams } from '../../../data/streams.js';
import type { Vocabulary, VocabularyJson } from '../../../data/vocabulary.js';
import { WRITTEN_MARKS } from '../../../data/word-vocabulary.js';
import { END_OF_SENTENCE_MARK, readText, UNKNOWN_MARK } from '../../../files/text.js';
import { sequential } from '../../../model/network.js';
import { dense, dropout } from '../../../network/layers/dense.js';
import { embedding } from '../../../network/layers/embedding.js';
import { readForValidation } from '../../../training/training-data.js';
import { evaluateOn } from '../../../training/validation.js';
import { bodyStructures } from '../../building-blocks/body-structures.js';
import { startFromFrequencies } from '../../building-blocks/output-biases.js';
import { recurrentBody } from '../../building-blocks/recurrent-body.js';
import { requireData } from '../../building-blocks/require-data.js';
import { DECIDED, settledOptions, trainingOptions } from '../../definition/common-options.js';
import { defineTask } from '../../definition/define-task.js';
import { valuesOf } from '../../definition/reasoned.js';
import type { PredictionSource } from '../../definition/task.js';
import {
  type Checked,
  choiceOption,
  flagOption,
  numberOption,
  optional,
  settled,
} from '../../definition/task-options.js';
import { normalizationOption } from '../../definition/text-options.js';
import { LM } from '../defaults/lm.js';
import { LanguageModelReader, type TextLikelihood } from './language-model-reader.js';
import { readingDefaults, SETTLED, settleLanguageModel } from './lm-defaults.js';
import { languageModelRules } from './lm-rules.js';
import { unknownWordsNote } from './unknown-words.js';

const count = { integer: true, min: 1 } as const;
const options = {
  ...settledOptions(
    trainingOptions(
      valuesOf(LM, [
        ...(['valid', 'test', 'cell', 'units'] as const),
        ...(['learningRate', 'clipNorm', 'checkpointEvery', 'schedule'] as const),
      ]),
      'a fraction from the end of the text, or a file; 0 for none',
      {
        ...DECIDED,
        direction: 'a language model reads forward only',
        output: 'a language model has an output at every step',
      },
    ),
    SETTLED,
  ),
  level: choiceOption(['char', 'word', 'byte'], { description: 'what a symbol is', default: LM.level.value }),
  normalization: normalizationOption(),
  vocabulary: optional(
    numberOption(
      { integer: true, min: 3 },
      { description: 'of words: largest number of symbols; the rarest words are unknown' },
    ),
  ),
  minCount: settled(
    optional(numberOption(count, { description: 'of words: words that occur less often are unknown' })),
  ),
  writtenMarks: choiceOption(WRITTEN_MARKS, {
    description:
      'what <unk> and <eos> are where a text has them as words: words like any other, or the marks of unknown words and of line ends, as in the Penn Treebank',
    default: LM.writtenMarks.value,
    before: 'marks',
  }),
  embedding: settled(numberOption(count, { description: 'size of the embedding' })),
  inputDropout: settled(
    numberOption(
      { min: 0, max: 0.999999 },
      { description: 'probability of dropping an element of the embedding', before: 0 },
    ),
  ),
  tied: settled(
    flagOption('use the table of the embedding for the logits, too, with a projection before it if the sizes differ'),
  ),
  batch: settled(numberOption(count, { description: 'number of parallel streams of text' })),
  steps: settled(numberOption(count, { description: 'steps of truncated backpropagation through time' })),
};

/** What is saved with a language model. */
export type LanguageModelSaved = { readonly vocabulary: VocabularyJson };

/** Language modelling. */
export const lm = defineTask({
  name: 'lm',
  summary: 'a language model: the next character, word or byte of a text',
  structures: bodyStructures,
  options,
  countedIn: 'symbols',

  async read(given) {
    const { valid, test, level, vocabulary: maxSize, normalization, writtenMarks } = given;
    const partOf = async (part: number | string) => (typeof part === 'string' ? await readText(part) : part);
    const texts = { data: await readText(requireData(given)), valid: await partOf(valid), test: await partOf(test) };
    const settings = readingDefaults(given, texts.data);
    const streams = {
      ...{ batch: settings.batch.value, steps: settings.steps.value },
      ...(texts.valid !== 0 && { validation: texts.valid }),
      ...(texts.test !== 0 && { test: texts.test }),
    };
    const readers: Readonly<Record<typeof level, () => Corpus>> = {
      char: () => characterStreams(texts.data, { ...streams, normalization }),
      word: () =>
        wordStreams(texts.data, {
          ...{ ...streams, normalization, writtenMarks },
          minCount: settings.minCount?.value ?? 1,
          ...(maxSize !== undefined && { maxSize }),
        }),
      byte: () => byteStreams(texts.data, streams),
    };
    const { vocabulary, ...parts } = readers[level]();
    const notes = [
      ...markNotes(vocabulary),
      ...(level === 'word'
        ? [unknownWordsNote(vocabulary, parts)]
        : unusedNotes({ vocabulary: maxSize, minCount: given.minCount }, level)),
    ];
    return {
      ...parts,
      saved: { vocabulary: vocabulary.toJSON() },
      fingerprint: { texts: fingerprintOf(texts) },
      ...{ notes, settings },
    };
  },

  async readExamples(file, { steps }, { vocabulary }) {
    return new TokenStreams(vocabularyFromJSON(vocabulary).encode(await readText(file)), { batch: 1, steps });
  },

  network(given, { vocabulary }) {
    const size = vocabulary.symbols.length;
    const { embedding: width, tied, init, inputDropout: rate } = given;
    return sequential([
      embedding({ size, units: width, ...(tied && init === 'default' && { initializer: tiedValues(width) }) }),
      ...(rate > 0 ? [dropout({ rate })] : []),
      ...recurrentBody(given, 'none'),
      ...(hasProjection(given) ? [dense({ units: width })] : []),
      dense({ units: size, ...(tied && { tied: 'embedding' }) }),
    ]);
  },
  loss: 'softmaxCrossEntropy',

  async evaluate(model, part, { signal }) {
    const { loss, tokens } = await evaluateOn(model, readForValidation(part), { signal });
    return { loss, perplexity: Math.exp(loss), bitsPerToken: loss / Math.LN2, tokens };
  },
  describe: describeLikelihood,

  async readInputs(source: PredictionSource<string>, _given, saved) {
    const vocabulary = vocabularyFromJSON(saved.vocabulary);
    return (await textsOf(source)).map((text) => vocabulary.encode(text));
  },

  /** The likelihood of a text, symbol by symbol, and the most likely next symbols. */
  async *predict(model, inputs, { saved }): AsyncGenerator<TextLikelihood, void, void> {
    const vocabulary: Vocabulary = vocabularyFromJSON(saved.vocabulary);
    for (const tokens of inputs) {
      const reader = new LanguageModelReader(model, vocabulary);
      try {
        yield await reader.read(tokens);
      } finally {
        reader.close();
      }
    }
  },

  stream: (model, { saved }) => new LanguageModelReader(model, vocabularyFromJSON(saved.vocabulary)),

  initialize(model, { training }, given) {
    // Characters are too few for their frequencies to matter.
    if (given.level !== 'word' || given.init !== 'default') return;
    startFromFrequencies(model, hasProjection(given) ? 'dense_1' : 'dense', countsOf(training, model.outputs));
  },

  settle: (given, { training, validation, settings, saved: { vocabulary } }) => ({
    ...settleLanguageModel(given, vocabulary.symbols.length, training, validation !== undefined),
    ...settings,
  }),

  naiveRules({ training }, { options: { level }, saved }) {
    return languageModelRules(training, level, saved.vocabulary.symbols.length, describeLikelihood);
  },
});

function describeLikelihood({ loss, perplexity, bitsPerToken }: JsonObject): string {
  const digits = (value: JsonObject[string] | undefined) => Number(value).toFixed(4);
  return `loss ${digits(loss)} nats  perplexity ${digits(perplexity)}  bits per symbol ${digits(bitsPerToken)}`;
}

/** Whether there is a layer between the recurrent ones and the logits: the table of the embedding has another width. */
function hasProjection({
  tied,
  embedding: width,
  units,
  recurrent,
}: Pick<Checked<typeof options>, 'tied' | 'embedding' | 'units' | 'recurrent'>): boolean {
  return tied && (recurrent['projection'] ?? units) !== width;
}

/** How often each symbol occurs. [symbols] */
function countsOf(training: TokenStreams, symbols: number): Float64Array {
  const counts = new Float64Array(symbols);
  for (let index = 0; index < training.batch; index++) {
    for (const id of training.stream(index)) counts[id] = (counts[id] as number) + 1;
  }
  return counts;
}

/** A note of words that read as marks: which of the two they are makes other models. */
function markNotes(vocabulary: Vocabulary): readonly string[] {
  const found = [UNKNOWN_MARK, END_OF_SENTENCE_MARK].filter((mark) => vocabulary.idOf(` ${mark}`) !== undefined);
  if (found.length === 0) return [];
  const [is, such, other] =
    found.length === 1 ? ['is', 'a word', 'it as the mark'] : ['are', 'words', 'them as the marks'];
  return [
    `${found.join(' and ')} in the text ${is} ${such} like any other; --written-marks marks reads ${other} of unknown words and of line ends, as in the Penn Treebank`,
  ];
}

/** Notes of options of words in a model of other symbols. */
function unusedNotes(given: Readonly<Record<string, unknown>>, level: string): readonly string[] {
  return Object.keys(given)
    .filter((name) => given[name] !== undefined)
    .map((name) => `--${kebabCase(name)} has no effect: it is of words, and the symbols are of the level ${level}`);
}

/**
 * Initial values of a table that is also used in a product. They keep the products about as large as the numbers of the
 * other factor.
 */
function tiedValues(width: number): string {
  return `normal:${(1 / Math.sqrt(width)).toPrecision(3)}`;
}

/** The texts of a prediction: a file is one text. */
async function textsOf(source: PredictionSource): Promise<readonly string[]> {
  return 'file' in source ? [await readText(source.file)] : source.values.map(String);
}

/** SHA-256 of the texts by use, with fractions as numbers. It must be the same in a resumed run. */
function fingerprintOf(texts: Readonly<Record<string, string | number>>): JsonObject {
  const digest = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex');
  return Object.fromEntries(
    Object.entries(texts).map(([use, text]) => [use, typeof text === 'string' ? digest(text) : text]),
  );
}
