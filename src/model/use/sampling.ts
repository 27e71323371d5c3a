/** Text from a language model. */
import { requireObject } from '../../core/arguments.js';
import { NumericError, VocabularyError } from '../../core/errors.js';
import { rejectUnknownKeys, requireNumber, requireOneOf } from '../../core/options.js';
import { Random } from '../../core/random.js';
import type { Stream } from './stream.js';

/** The part of a model that sampling needs. */
export interface SampledModel {
  /** Numbers in a row of the output: one for each symbol. */
  readonly outputs: number;
  /** A stream of one sequence. @throws {UsageError} `not_streamable` */
  stream(): Stream;
}

/** The part of a vocabulary that sampling needs. */
export interface SymbolTable {
  /** Number of symbols. */
  readonly size: number;
  /** Text between two symbols: empty for characters, a space for words. */
  readonly joinedBy: string;
  /** Mark of the end of a line, for vocabularies of words. */
  readonly endOfSentenceId?: number | undefined;
  /** Mark of unknown words, for vocabularies that have one. */
  readonly unknownId?: number | undefined;
  encode(text: string): Int32Array;
  decodeSymbol(id: number): string;
  /** Index of a symbol, undefined where there is none. */
  idOf?(symbol: string): number | undefined;
}

/** Options of sampling. */
export interface SampleOptions {
  /** Text that the model reads first; it is not part of the result. Default: a line feed, or the first symbol. */
  readonly prompt?: string;
  /** Symbols to draw, integer >= 0; default 200. */
  readonly length?: number;
  /**
   * Divides the logits: below 1 likely symbols become more likely, and 0 always takes the most likely one. Default 1.
   */
  readonly temperature?: number;
  /** Draws only from the k most likely symbols; default all. */
  readonly topK?: number;
  /** Whether the mark of unknown words is never drawn (`avoid`, the default), or as often as the model says (`write`). */
  readonly unknown?: 'avoid' | 'write';
  /** Default 1. */
  readonly seed?: number;
}

/** Sets the logits of the symbols outside the k most likely to -Infinity. Of equal logits, the lower index is kept. */
function keepLikeliest(logits: Float32Array, k: number): void {
  if (k >= logits.length) return;
  const order = Array.from(logits.keys()).sort((a, b) => (logits[b] as number) - (logits[a] as number) || a - b);
  for (const id of order.slice(k)) logits[id] = Number.NEGATIVE_INFINITY;
}

/** An index drawn with probability proportional to e^(logit / temperature). */
function draw(logits: Float32Array, temperature: number, random: Random): number {
  const most = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (!Number.isFinite(most)) {
    const message = `the largest output of the model is ${most}: its parameters are not sound, see model.diagnose`;
    throw new NumericError('non_finite_output', message, { output: most });
  }
  if (temperature === 0) return logits.indexOf(most);
  const weights = Float64Array.from(logits, (logit) => Math.exp((logit - most) / temperature));
  let rest = random.uniform() * weights.reduce((a, b) => a + b, 0);
  for (let id = 0; id < weights.length; id++) {
    rest -= weights[id] as number;
    if (rest < 0) return id;
  }
  return logits.indexOf(most); // reached only by rounding errors
}

/**
 * Draws symbols one by one; each piece of text contains one symbol and its separator from the symbol before.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @throws {VocabularyError} `vocabulary_mismatch` when the model has another number of outputs; `unknown_symbol`
 * @throws {NumericError} `non_finite_output` while symbols are drawn
 * @throws {UsageError} `not_streamable`
 */
export function sampleSymbols(model: SampledModel, vocabulary: SymbolTable, options: SampleOptions): Generator<string> {
  rejectUnknownKeys('sample', options, ['prompt', 'length', 'temperature', 'topK', 'unknown', 'seed']);
  requireObject('the vocabulary', vocabulary);
  const length = requireNumber('length', options.length ?? 200, { min: 0, integer: true });
  const temperature = requireNumber('temperature', options.temperature ?? 1, { min: 0 });
  const topK = requireNumber('topK', options.topK ?? vocabulary.size, { min: 1, integer: true });
  const unknown = requireOneOf('unknown', options.unknown ?? 'avoid', ['avoid', 'write']);
  const avoided = unknown === 'avoid' && vocabulary.size > 1 ? vocabulary.unknownId : undefined;
  const random = new Random(options.seed ?? 1, 'sample');
  if (model.outputs !== vocabulary.size) {
    const message = `the model has ${model.outputs} outputs, the vocabulary ${vocabulary.size} symbols`;
    throw new VocabularyError('vocabulary_mismatch', message, { outputs: model.outputs, symbols: vocabulary.size });
  }
  const prompt = vocabulary.encode(options.prompt ?? '');
  return drawSymbols(model.stream(), vocabulary, { prompt, length, temperature, topK, avoided, random });
}

interface Drawing {
  readonly prompt: Int32Array;
  readonly length: number;
  readonly temperature: number;
  readonly topK: number;
  /** An index that is never drawn. */
  readonly avoided: number | undefined;
  readonly random: Random;
}

/** Id of the symbol before the first symbol of a text: the end of a line, or the first symbol. */
export function beginningOf(vocabulary: SymbolTable): number {
  return vocabulary.endOfSentenceId ?? vocabulary.idOf?.('\n') ?? 0;
}

function* drawSymbols(stream: Stream, vocabulary: SymbolTable, drawing: Drawing): Generator<string> {
  const { prompt, length, temperature, topK, avoided, random } = drawing;
  const { joinedBy, endOfSentenceId } = vocabulary;
  let previous = prompt.at(-1) ?? beginningOf(vocabulary);
  let logits = stream.read(prompt.length > 0 ? prompt : Int32Array.of(previous));
  for (let drawn = 0; drawn < length; drawn++) {
    if (avoided !== undefined) logits[avoided] = Number.NEGATIVE_INFINITY;
    keepLikeliest(logits, topK);
    const id = draw(logits, temperature, random);
    // Words are joined by spaces, but a line neither begins nor ends with one.
    const isJoined = (drawn > 0 || prompt.length > 0) && id !== endOfSentenceId && previous !== endOfSentenceId;
    yield (isJoined ? joinedBy : '') + vocabulary.decodeSymbol(id);
    previous = id;
    if (drawn + 1 < length) logits = stream.step(id);
  }
}
