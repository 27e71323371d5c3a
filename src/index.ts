/**
 * bptt: train and serve recurrent neural networks natively.
 *
 * A network is described (`sequential`, `network`), compiled into a model, and trained by a `Trainer` or step by step.
 */

export {
  type Checkpoint,
  type LoadedCheckpoint,
  loadCheckpoint,
  loadCheckpointSync,
  readCheckpointMetadata,
  saveCheckpoint,
  saveCheckpointSync,
} from './checkpoint/checkpoint.js';
export { Run, type RunCheckpoint } from './checkpoint/run.js';
export {
  readSafetensors,
  readSafetensorsSync,
  type Safetensors,
  writeSafetensors,
  writeSafetensorsSync,
} from './checkpoint/safetensors.js';
export type { StoredTensor } from './checkpoint/tensor-types.js';
export * from './core/errors.js';
export { Random, type RandomState } from './core/random.js';
export { ByteVocabulary } from './data/byte-vocabulary.js';
export { CharacterVocabulary } from './data/character-vocabulary.js';
export { type Corpus, characterStreams, wordStreams } from './data/corpus.js';
export { type CsvOptions, type CsvTable, readCsv } from './data/csv-table.js';
export { type ExampleForm, type FieldExample, type FieldForm, packExamples } from './data/example-packing.js';
export type { Examples } from './data/examples.js';
export { FileExamples, type FileExamplesOptions } from './data/file-examples.js';
export {
  type JoinableClip,
  type JoinedClips,
  type JoinOptions,
  joinClips,
  stringExamples,
} from './data/joined-clips.js';
export { JsonRow, jsonLine, readJsonLines } from './data/json-lines.js';
export { type LabelledText, type LabelledTexts, readLabelledLines } from './data/labelled-lines.js';
export { lengthsFromMask, type Mask, type PaddedShape } from './data/mask.js';
export { contiguousBatch, type PackedBatch, packSequences, type Rows, unpackSequences } from './data/packed-batch.js';
export {
  type PackPaddedOptions,
  type PaddedSequences,
  type PadOptions,
  packPadded,
  padPacked,
  padSequences,
} from './data/padding.js';
export { readParallelText, type SentencePair, tabbedPair } from './data/parallel-text.js';
export {
  LOWEST_NOTE,
  PIANO_KEYS,
  type PianoPiece,
  type PianoPieces,
  pianoRows,
  readPianoPieces,
} from './data/piano-pieces.js';
export type { RowPlace } from './data/row-error.js';
export type { PackedOrder } from './data/rows.js';
export { type SavedVocabularyOptions, vocabularyFromJSON } from './data/saved-vocabulary.js';
export { type SentenceLevel, SentenceVocabulary } from './data/sentence-vocabulary.js';
export { type EpochOrder, SequenceBatches, type SequenceBatchesOptions } from './data/sequence-batches.js';
export type { SequenceExample, SequencePackingOptions } from './data/sequence-packing.js';
export { applyOrder, restoreOrder } from './data/sequence-rows.js';
export { type ExampleSplit, type SplitOptions, splitExamples } from './data/split-examples.js';
export { type DataCursor, TokenStreams } from './data/streams.js';
export { readText, readTextSync } from './data/text.js';
export {
  readTimeSeries,
  type TimeSeries,
  type TimeSeriesOptions,
  type TimeSeriesSet,
} from './data/time-series-file.js';
export {
  type SubwordTokenizer,
  type TokenizerJson,
  TokenizerVocabulary,
  type TokenizerVocabularyOptions,
} from './data/tokenizer-vocabulary.js';
export { type TranscriptLevel, TranscriptSymbols } from './data/transcript-symbols.js';
export { type Clip, readClips, readTranscripts, type Transcript, type TranscriptPart } from './data/transcripts.js';
export type { Vocabulary, VocabularyJson, VocabularyLevel } from './data/vocabulary.js';
export { type TokenMarks, WordVocabulary, type WordVocabularyOptions } from './data/word-vocabulary.js';
export {
  type BeamHypothesis,
  type BeamSearchOptions,
  type BeamStep,
  beamSearch,
} from './decoding/beam-search.js';
export type { ScoreKind } from './decoding/best-continuations.js';
export {
  type CtcBeamSearchOptions,
  type CtcHypothesis,
  ctcBeamSearch,
  ctcBeamSearchSync,
  type LabelModel,
} from './decoding/ctc-beam-search.js';
export type { FrameScores } from './decoding/ctc-frames.js';
export { ctcGreedyDecode, type DecodedLabel } from './decoding/ctc-greedy.js';
export { CtcGreedyStream, type StreamedLabel } from './decoding/ctc-greedy-stream.js';
export type { LengthPenalty } from './decoding/length-penalty.js';
export { ColumnStatistics } from './features/column-statistics.js';
export { appendDeltas, type DeltaOptions } from './features/deltas.js';
export {
  decodeIdx,
  type IdxArray,
  type IdxImages,
  type IdxValues,
  idxImages,
  idxLabels,
  readIdx,
  readIdxSync,
} from './features/idx.js';
export { type Image, type PatchOptions, patchMeans } from './features/image.js';
export { LogMel } from './features/log-mel.js';
export type { MelNorm, MelScale } from './features/mel-filters.js';
export { Mfcc, type MfccOptions } from './features/mfcc.js';
export { decodeNpy, type NpyArray, type NpyValues, readNpy, readNpySync } from './features/npy.js';
export {
  drawPerturbation,
  type Perturbation,
  perturbedLength,
  perturbSound,
} from './features/perturb-sound.js';
export { type PicturePatchOptions, patchWidth, picturePatches } from './features/picture-patches.js';
export { decodePng, readPng, readPngSync } from './features/png.js';
export { SoundFeatureStream, SoundFeatures, type SoundFeaturesOptions } from './features/sound-features.js';
export type { LogMelOptions, LogMelSettings, WindowShape } from './features/sound-options.js';
export { stackFrames } from './features/stack-frames.js';
export { Standardizer, type StandardizerJson, standardizeSequence } from './features/standardizer.js';
export { decodeWav, readWav, readWavSync, type Sound } from './features/wav.js';
export {
  type AttentionDescription,
  type AttentionOptions,
  type AttentionScore,
  attention,
} from './layers/attention.js';
export {
  type ActivationDescription,
  activation,
  type DenseDescription,
  type DenseOptions,
  type DropoutDescription,
  type DropoutOptions,
  dense,
  dropout,
} from './layers/dense.js';
export { type EmbeddingDescription, type EmbeddingOptions, embedding } from './layers/embedding.js';
export {
  type LayerNormalizationDescription,
  type LayerNormalizationOptions,
  layerNormalization,
} from './layers/layer-normalization.js';
export { type AnyLayer, concatenate, type MergeDescription, sum } from './layers/layers.js';
export { type PenaltyDescription, type PenaltyOptions, penalty } from './layers/penalty.js';
export { type PoolDescription, pool } from './layers/pool.js';
export { gru, lstm, rnn } from './layers/recurrent.js';
export type {
  CellActivation,
  Direction,
  GruDescription,
  GruOptions,
  LstmDescription,
  LstmOptions,
  RecurrentDescription,
  RecurrentOptions,
  RnnDescription,
  RnnOptions,
  ZoneoutRates,
} from './layers/recurrent-options.js';
export { type CtcOptions, type CtcReduction, ctcTarget, END_OF_TARGET, framesNeeded } from './losses/ctc.js';
export type { CtcLossDescription, LossDescription, LossName, QuantileLossDescription } from './losses/losses.js';
export type { QuantileOptions } from './losses/quantile.js';
export { Bleu, type BleuOptions, type BleuSmoothing, corpusBleu, sentenceBleu, type Token } from './metrics/bleu.js';
export { type ClassScores, ConfusionMatrix, largestClasses } from './metrics/confusion-matrix.js';
export { type Edits, editDistance } from './metrics/edit-distance.js';
export { characterErrorRate, ErrorRate, wordErrorRate } from './metrics/error-rate.js';
export { IntervalCoverage, QuantileLoss, RegressionErrors } from './metrics/forecast-errors.js';
export { KeyLikelihood } from './metrics/key-likelihood.js';
export { bitsFromNats, LikelihoodLoss, perplexity } from './metrics/likelihood.js';
export { naiveForecast, seasonalNaiveForecast } from './metrics/naive-forecast.js';
export type { AttentionMap } from './model/attention-maps.js';
export type { AxisSizes, Batch } from './model/batch.js';
export type { OutputShape } from './model/batch-runs.js';
export type { OutputPer } from './model/build-graph.js';
export { CarriedState } from './model/carried-state.js';
export type { Decoder, DecoderBatch, DecoderOptions } from './model/decoder.js';
export type { Culprit } from './model/diagnose.js';
export { type CompileOptions, Model } from './model/model.js';
export {
  type InputDescription,
  type InputPlace,
  Network,
  type NetworkDescription,
  type NodeDescription,
  network,
  networkFromJSON,
  sequential,
} from './model/network.js';
export type { ModelLoss, NamedLosses } from './model/output-losses.js';
export type { Parameter } from './model/parameters.js';
export {
  type CellGradient,
  type CellStep,
  type CellUpstream,
  RecurrentCell,
  type RecurrentCellOptions,
  recurrentCell,
} from './model/recurrent-cell.js';
export type { EvaluationResult, ModelMemory, StepResult } from './model/results.js';
export type { RunOptions, TrainOptions } from './model/run-options.js';
export type { SampleOptions, SymbolTable } from './model/sampling.js';
export type { Stream, StreamState } from './model/stream.js';
export { type Info, info } from './native/info.js';
export {
  type AdamDescription,
  type AdamOptions,
  adam,
  adamW,
  type MomentumOptions,
  momentum,
  type NamedOptimizerOptions,
  type OptimizerDescription,
  type OptimizerName,
  optimizerNamed,
  type RmspropDescription,
  type RmspropOptions,
  rmsprop,
  type SgdDescription,
  type SgdOptions,
  sgd,
} from './optimizers/optimizer.js';
export { constant } from './schedules/constant.js';
export { cosine } from './schedules/cosine.js';
export { exponential } from './schedules/exponential.js';
export { parseSchedule } from './schedules/parse-schedule.js';
export { reduceOnPlateau } from './schedules/reduce-on-plateau.js';
export type { RateFunction, ScheduleDescription } from './schedules/schedule.js';
export { stepDecay } from './schedules/step-decay.js';
export { warmUp } from './schedules/warm-up.js';
export {
  type LoadLanguageModelOptions,
  loadLanguageModel,
  type SampleLanguageModelOptions,
  type SavedLanguageModel,
  sampleLanguageModel,
} from './tasks/lm/saved-language-model.js';
export type { LoadTaskOptions, SavedTaskModel, TaskEvaluation } from './tasks/saved-task.js';
export type { PredictionSource, TaskStream } from './tasks/task.js';
export {
  evaluateTask,
  loadTask,
  predictTask,
  streamTask,
  type TaskName,
  type TaskOptions,
  trainTask,
} from './tasks/tasks.js';
export type { TaskResult, TaskStart, TaskWatch } from './tasks/train-task.js';
export type {
  CheckpointEvent,
  EpochEvent,
  RunPosition,
  StartEvent,
  StepEvent,
  TrainingCallbacks,
  ValidationEvent,
} from './training/callbacks.js';
export type { EarlyStoppingOptions } from './training/early-stopping.js';
export { type ProgressReporter, type ProgressStatus, silentProgress } from './training/progress.js';
export { type ScheduledSamplingOptions, scheduledSampling } from './training/scheduled-sampling.js';
export { Trainer } from './training/trainer.js';
export type { BatchPosition, TrainerOptions } from './training/trainer-options.js';
export type { BatchSource, TrainingSet } from './training/training-data.js';
export type { StopReason, TrainingResult } from './training/training-result.js';
export type { LossSummary } from './training/validation.js';
