/**
 * `bptt/data`: from files to batches. Vocabularies and corpora of text, batches of sequences of any lengths, splits, targets
 * for CTC, and readers of text, tables, arrays, sound, pictures and scores.
 */

export { lengthsFromMask } from '../batch/mask.js';
export { type ContiguousOptions, contiguousBatch } from '../batch/packed-batch.js';
export { ByteVocabulary } from '../data/byte-vocabulary.js';
export { CharacterVocabulary, type CharacterVocabularyOptions } from '../data/character-vocabulary.js';
export { balancedClassWeights } from '../data/class-weights.js';
export {
  type CharacterStreamOptions,
  type Corpus,
  type CorpusOptions,
  characterStreams,
  type WordStreamOptions,
  wordStreams,
} from '../data/corpus.js';
export type { Examples } from '../data/examples.js';
export { FileExamples, type FileExamplesOptions } from '../data/file-examples.js';
export {
  type ClipString,
  type JoinableClip,
  type JoinedClips,
  type JoinOptions,
  joinClips,
  stringExamples,
} from '../data/joined-clips.js';
export { vocabularyFromJSON } from '../data/saved-vocabulary.js';
export { type SentenceLevel, SentenceVocabulary } from '../data/sentence-vocabulary.js';
export { type EpochOrder, SequenceBatches, type SequenceBatchesOptions } from '../data/sequence-batches.js';
export { type ExampleSplit, type SplitOptions, splitExamples } from '../data/split-examples.js';
export { type DataCursor, type StreamOptions, TokenStreams } from '../data/streams.js';
export { TokenizerVocabulary, type TokenizerVocabularyOptions } from '../data/tokenizer-vocabulary.js';
export { type TranscriptLevel, TranscriptSymbols } from '../data/transcript-symbols.js';
export {
  type TextVocabularyOptions,
  type TokenMarks,
  WordVocabulary,
  type WordVocabularyOptions,
} from '../data/word-vocabulary.js';
export type { Image } from '../features/image.js';
export type { Perturbation } from '../features/perturb-sound.js';
export { type CsvOptions, type CsvTable, readCsv } from '../files/csv-table.js';
export type { RecordedFeatures } from '../files/feature-rows.js';
export {
  decodeIdx,
  type IdxArray,
  type IdxImages,
  type IdxOptions,
  type IdxValues,
  idxImages,
  idxLabels,
  readIdx,
  readIdxSync,
} from '../files/idx.js';
export { JsonRow, jsonLine, readJsonLines } from '../files/json-lines.js';
export { type LabelledText, type LabelledTexts, readLabelledLines } from '../files/labelled-lines.js';
export { decodeNpy, type NpyArray, type NpyValues, readNpy, readNpySync } from '../files/npy.js';
export { readParallelText, type SentencePair, tabbedPair } from '../files/parallel-text.js';
export {
  LOWEST_NOTE,
  PIANO_KEYS,
  type PianoPiece,
  type PianoPieces,
  pianoRows,
  readPianoPieces,
} from '../files/piano-pieces.js';
export { decodePng, type PngOptions, readPng, readPngSync } from '../files/png.js';
export { FeatureFiles } from '../files/recordings.js';
export type { RowPlace } from '../files/row-error.js';
export type { TableFormat } from '../files/table-format.js';
export { readText, readTextSync } from '../files/text.js';
export {
  readTimeSeries,
  type TimeSeries,
  type TimeSeriesOptions,
  type TimeSeriesSet,
} from '../files/time-series-file.js';
export {
  type Clip,
  type Recording,
  type RecordingForm,
  readClips,
  readTranscripts,
  type Transcript,
  type TranscriptPart,
} from '../files/transcripts.js';
export { decodeWav, readWav, readWavSync, type Sound } from '../files/wav.js';
export { ctcTarget, END_OF_TARGET, framesNeeded } from '../network/losses/ctc.js';
