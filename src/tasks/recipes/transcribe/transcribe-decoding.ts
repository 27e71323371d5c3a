/** Converts the outputs of the network of the task `transcribe` into texts, and measures their errors. */
import type { JsonObject } from '../../../core/json.js';
import type { Examples } from '../../../data/examples.js';
import { TranscriptSymbols } from '../../../data/transcript-symbols.js';
import { ctcBeamSearch } from '../../../decoding/ctc-beam-search.js';
import { ctcGreedyDecode } from '../../../decoding/ctc-greedy.js';
import { wordsOf } from '../../../files/text.js';
import { ErrorRate } from '../../../metrics/error-rate.js';
import type { Model } from '../../../model/model.js';
import { outputsOf } from '../../building-blocks/outputs.js';
import type { Part } from '../../definition/parts.js';
import type { TaskContext } from '../../definition/task.js';
import { TRANSCRIBE } from '../defaults/transcribe.js';
import type { TranscribeSaved, Utterance, Utterances } from './transcribe-data.js';
import { openLanguageModel } from './transcribe-language-model.js';
import type { TRANSCRIBE_OPTIONS } from './transcribe-options.js';
import { SoundEncoder } from './transcribe-sound.js';

type Context = TaskContext<typeof TRANSCRIBE_OPTIONS, TranscribeSaved>;

/** Classes of a frame with a lower probability are not tried. */
const THRESHOLD = 1e-4;

interface Decoded {
  readonly example: Utterance;
  /** Text of the most likely path. */
  readonly greedy: string;
  /** Hypotheses of the beam search, the best first. */
  readonly texts: readonly { readonly text: string; readonly score: number }[];
}

async function* decoded(
  model: Model,
  part: Part<Utterance>,
  { options, saved, signal }: Context,
  best: number,
): AsyncGenerator<Decoded, void, void> {
  const symbols = new TranscriptSymbols(options.symbols, saved.symbols);
  const { classes } = symbols;
  const features = new SoundEncoder(options, saved.sound).width;
  const { beams, lmWeight: weight, insertionBonus } = options;
  const search = { width: Math.max(best, beams), best, threshold: THRESHOLD, weight, insertionBonus };
  const languageModel = await openLanguageModel(options, symbols);
  try {
    for await (const { example, output: scores } of outputsOf(model, part, { features }, signal)) {
      const greedy = symbols.decode(ctcGreedyDecode({ scores, classes }).map(({ label }) => label));
      const said = languageModel && { languageModel: languageModel.labelModel() };
      const found = await ctcBeamSearch(
        { scores, classes },
        { ...search, ...said },
        signal === undefined ? {} : { signal },
      );
      const texts = found.map(({ labels, score }) => ({ text: symbols.decode(labels), score }));
      yield { example: example as Utterance, greedy, texts };
    }
  } finally {
    languageModel?.close();
  }
}

/** Some examples of a part, evenly from all of it. */
function someOf(part: Utterances, most: number): Examples<Utterance> {
  if (part.count <= most) return part;
  const indexOf = (at: number) => Math.floor((at * part.count) / most);
  return {
    count: most,
    lengthOf: (at) => part.lengthOf(indexOf(at)),
    read: (places) => part.read(places.map(indexOf)),
  };
}

/** How far a frame is from being sure: the negative logarithm of the probability of its most likely class, in nats. */
function doubtOf(scores: Float32Array): number {
  let [largest, sum] = [Number.NEGATIVE_INFINITY, 0];
  for (const score of scores) largest = Math.max(largest, score);
  for (const score of scores) sum += Math.exp(score - largest);
  return Math.log(sum);
}

/**
 * What suffices to choose the best model: the error rates of the most likely path on some utterances, and the mean doubt of
 * its frames, which tells models apart that make the same errors or none. A
 * beam search of all takes longer than the epoch itself where labels are characters. With `validBy: 'beam'` it is made all the same.
 */
export async function measureQuickly(model: Model, part: Utterances, context: Context): Promise<JsonObject> {
  const { options, saved, signal } = context;
  if (options.validBy === 'beam') return measureErrors(model, part, context);
  const symbols = new TranscriptSymbols(options.symbols, saved.symbols);
  const { classes } = symbols;
  const features = new SoundEncoder(options, saved.sound).width;
  const [words, characters] = [new ErrorRate(), new ErrorRate()];
  let [doubt, frames] = [0, 0];
  for await (const { example, output: scores } of outputsOf(
    model,
    someOf(part, TRANSCRIBE.validSounds.value),
    { features },
    signal,
  )) {
    const { text } = example as Utterance;
    const greedy = symbols.decode(ctcGreedyDecode({ scores, classes }).map(({ label }) => label));
    words.add(wordsOf(text), wordsOf(greedy));
    characters.add([...text], [...greedy]);
    for (let at = 0; at < scores.length; at += classes) doubt += doubtOf(scores.subarray(at, at + classes));
    frames += scores.length / classes;
  }
  return {
    doubt: frames === 0 ? 0 : doubt / frames,
    greedy: { wordErrorRate: words.value ?? null, characterErrorRate: characters.value ?? null },
  };
}

/** Word and character error rates of greedy decoding and of the beam search. */
export async function measureErrors(model: Model, part: Utterances, context: Context): Promise<JsonObject> {
  const rates = {
    words: new ErrorRate(),
    characters: new ErrorRate(),
    beamWords: new ErrorRate(),
    beamCharacters: new ErrorRate(),
  };
  let utterances = 0;
  let right = 0;
  for await (const { example, greedy, texts } of decoded(model, part, context, 1)) {
    const { text } = example;
    const best = texts[0]?.text ?? '';
    rates.words.add(wordsOf(text), wordsOf(greedy));
    rates.characters.add([...text], [...greedy]);
    rates.beamWords.add(wordsOf(text), wordsOf(best));
    rates.beamCharacters.add([...text], [...best]);
    utterances += 1;
    right += text === best ? 1 : 0;
  }
  const { substitutions, deletions, insertions } = rates.beamWords.edits;
  return {
    utterances,
    words: rates.words.referenceLength,
    greedy: { wordErrorRate: rates.words.value ?? null, characterErrorRate: rates.characters.value ?? null },
    beam: { wordErrorRate: rates.beamWords.value ?? null, characterErrorRate: rates.beamCharacters.value ?? null },
    ...{ substitutions, deletions, insertions },
    sentenceErrorRate: 1 - right / utterances,
  };
}

/** The text of a sound. */
export type Transcription = {
  /** Of the sound, if it is one. */
  readonly file?: string;
  readonly text: string;
  /** Logarithm of its probability. */
  readonly score: number;
  /** The most likely texts, this one first. */
  readonly nBest: readonly { readonly text: string; readonly score: number }[];
};

/**
 * The texts of sounds, the most likely first: `text`, the logarithm `score` of its probability, and `nBest` of both.
 */
export async function* transcribeAll(
  model: Model,
  inputs: readonly Utterance[],
  context: Context,
): AsyncGenerator<Transcription, void, void> {
  for await (const { example, texts } of decoded(model, inputs, context, context.options.nBest)) {
    const [{ text, score } = { text: '', score: 0 }] = texts;
    yield {
      ...(example.file !== undefined && { file: example.file }),
      text,
      score,
      nBest: texts.map((each) => ({ ...each })),
    };
  }
}
