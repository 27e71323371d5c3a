/** A language model for the beam search of the task `transcribe`. It gives the probabilities of texts. */
import { OptionError } from '../../../core/errors.js';
import type { TranscriptSymbols } from '../../../data/transcript-symbols.js';
import type { Vocabulary } from '../../../data/vocabulary.js';
import type { LabelModel } from '../../../decoding/ctc-beam-search.js';
import { logSoftmax } from '../../../decoding/ctc-frames.js';
import { beginningOf } from '../../../model/use/sampling.js';
import type { Stream } from '../../../model/use/stream.js';
import type { StreamState } from '../../../model/use/streamed-model.js';
import { loadLanguageModel } from '../lm/saved-language-model.js';
import type { TranscribeOptions } from './transcribe-options.js';

/** An open language model. Call `close()` at the end. */
export interface OpenLanguageModel {
  /**
   * The model for one search, from the start of a text. It caches its results until the model for the next search is
   * made.
   */
  labelModel(): LabelModel;
  close(): void;
}

/**
 * Opens the language model of the options, if they name one. Its symbols must be able to spell the labels: for words, a
 * model of characters or words; for characters, a model of characters.
 *
 * @throws {OptionError} `invalid_option` for a model of words when labels are characters
 * @throws {VocabularyError} `unknown_symbol` for a label that it cannot spell
 * @throws as `loadLanguageModel`
 */
export async function openLanguageModel(
  { languageModel: run }: TranscribeOptions,
  symbols: TranscriptSymbols,
): Promise<OpenLanguageModel | undefined> {
  if (run === undefined) return undefined;
  const { model, vocabulary } = await loadLanguageModel(run, { threads: 1 }); // a single step is too small to share
  try {
    const spellings = spell(run, vocabulary, symbols);
    const stream = model.stream();
    const root = new Context(stream, stream.step(beginningOf(vocabulary)));
    return {
      labelModel() {
        root.forget();
        return asLabelModel(root, spellings);
      },
      close: () => model.dispose(),
    };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

interface Spellings {
  /** Ids of each label at the start of a text, and after another label. */
  readonly first: readonly Int32Array[];
  readonly next: readonly Int32Array[];
}

function spell(run: string, vocabulary: Vocabulary, { level, joinedBy, symbols }: TranscriptSymbols): Spellings {
  if (vocabulary.level === 'word' && level === 'characters') {
    const message = `option 'languageModel' names '${run}', a model of words, but the labels are characters`;
    throw new OptionError('invalid_option', message, { name: 'languageModel', value: run });
  }
  return {
    first: symbols.map((symbol) => vocabulary.encode(symbol)),
    next: symbols.map((symbol) => vocabulary.encode(`${joinedBy}${symbol}`)),
  };
}

/** The language model after some text. The probabilities of continuations are computed on request, and cached. */
class Context {
  readonly #stream: Stream;
  readonly #state: StreamState;
  readonly #logProbabilities: Float64Array;
  readonly #next = new Map<number, Context>();

  /** @param logits of the next symbol, which the stream has just computed */
  constructor(stream: Stream, logits: Float32Array) {
    this.#stream = stream;
    this.#state = stream.snapshot();
    this.#logProbabilities = new Float64Array(logits.length);
    logSoftmax({ scores: logits, classes: logits.length, blank: 0, count: 1 }, 0, this.#logProbabilities);
  }

  logProbability(id: number): number {
    return this.#logProbabilities[id] as number;
  }

  /** The context with one more symbol. */
  after(id: number): Context {
    let next = this.#next.get(id);
    if (next === undefined) {
      this.#stream.restore(this.#state);
      next = new Context(this.#stream, this.#stream.step(id));
      this.#next.set(id, next);
    }
    return next;
  }

  /** Clears the results for longer contexts. */
  forget(): void {
    this.#next.clear();
  }
}

function asLabelModel(root: Context, { first, next }: Spellings): LabelModel {
  const idsOf = (label: number, at: number) => (at === 0 ? first : next)[label - 1] as Int32Array;
  return (prefix, label) => {
    let context = root;
    for (const [at, said] of prefix.entries()) {
      for (const id of idsOf(said, at)) context = context.after(id);
    }
    let sum = 0;
    for (const [at, id] of idsOf(label, prefix.length).entries()) {
      if (at > 0) context = context.after(idsOf(label, prefix.length)[at - 1] as number);
      sum += context.logProbability(id);
    }
    return sum;
  };
}
