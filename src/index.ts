/**
 * bptt: train and serve recurrent neural networks natively.
 *
 * A network is described (`sequential`, `network`), compiled into a model, and trained by a `Trainer` or step by step.
 */

export type { AxisSizes, Batch } from './batch/batch.js';
export { type ExampleForm, type FieldExample, type FieldForm, packExamples } from './batch/example-packing.js';
export { lengthsFromMask, type Mask, type PaddedShape } from './batch/mask.js';
export { contiguousBatch, type PackedBatch, packSequences, type Rows, unpackSequences } from './batch/packed-batch.js';
export {
  type PackPaddedOptions,
  type PaddedSequences,
  type PadOptions,
  packPadded,
  padPacked,
  padSequences,
} from './batch/padding.js';
export type { PlainExamples, PlainForm } from './batch/plain-examples.js';
export type { NamedSequences, PlainField, PlainSequence, PlainSequences } from './batch/plain-sequences.js';
export type { PackedOrder } from './batch/rows.js';
export type { SequenceExample, SequencePackingOptions } from './batch/sequence-packing.js';
export { applyOrder, restoreOrder } from './batch/sequence-rows.js';
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
export type { Examples } from './data/examples.js';
export { FileExamples, type FileExamplesOptions } from './data/file-examples.js';
export {
  type JoinableClip,
  type JoinedClips,
  type JoinOptions,
  joinClips,
  stringExamples,
} from './data/joined-clips.js';
export { type SavedVocabularyOptions, vocabularyFromJSON } from './data/saved-vocabulary.js';
export { type SentenceLevel, SentenceVocabulary } from './data/sentence-vocabulary.js';
export { type EpochOrder, SequenceBatches, type SequenceBatchesOptions } from './data/sequence-batches.js';
export { type ExampleSplit, type SplitOptions, splitExamples } from './data/split-examples.js';
export { type DataCursor, TokenStreams } from './data/streams.js';
export {
  type SubwordTokenizer,
  TokenizerVocabulary,
  type TokenizerVocabularyOptions,
} from './data/tokenizer-vocabulary.js';
export { type TranscriptLevel, TranscriptSymbols } from './data/transcript-symbols.js';
export type { TokenizerJson, Vocabulary, VocabularyJson, VocabularyLevel } from './data/vocabulary.js';
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
export { type Image, type PatchOptions, patchMeans } from './features/image.js';
export { LogMel } from './features/log-mel.js';
export type { MelNorm, MelScale } from './features/mel-filters.js';
export { Mfcc, type MfccOptions } from './features/mfcc.js';
export {
  drawPerturbation,
  type Perturbation,
  perturbedLength,
  perturbSound,
} from './features/perturb-sound.js';
export { type PicturePatchOptions, patchWidth, picturePatches } from './features/picture-patches.js';
export { SoundFeatureStream, SoundFeatures, type SoundFeaturesOptions } from './features/sound-features.js';
export type { LogMelOptions, LogMelSettings, WindowShape } from './features/sound-options.js';
export { stackFrames } from './features/stack-frames.js';
export { Standardizer, type StandardizerJson, standardizeSequence } from './features/standardizer.js';
export { type CsvOptions, type CsvTable, readCsv } from './files/csv-table.js';
export {
  decodeIdx,
  type IdxArray,
  type IdxImages,
  type IdxValues,
  idxImages,
  idxLabels,
  readIdx,
  readIdxSync,
} from './files/idx.js';
export { JsonRow, jsonLine, readJsonLines } from './files/json-lines.js';
export { type LabelledText, type LabelledTexts, readLabelledLines } from './files/labelled-lines.js';
export { decodeNpy, type NpyArray, type NpyValues, readNpy, readNpySync } from './files/npy.js';
export { readParallelText, type SentencePair, tabbedPair } from './files/parallel-text.js';
export {
  LOWEST_NOTE,
  PIANO_KEYS,
  type PianoPiece,
  type PianoPieces,
  pianoRows,
  readPianoPieces,
} from './files/piano-pieces.js';
export { decodePng, readPng, readPngSync } from './files/png.js';
export type { RowPlace } from './files/row-error.js';
export { readText, readTextSync } from './files/text.js';
export {
  readTimeSeries,
  type TimeSeries,
  type TimeSeriesOptions,
  type TimeSeriesSet,
} from './files/time-series-file.js';
export { type Clip, readClips, readTranscripts, type Transcript, type TranscriptPart } from './files/transcripts.js';
export { decodeWav, readWav, readWavSync, type Sound } from './files/wav.js';
export { Bleu, type BleuOptions, type BleuSmoothing, corpusBleu, sentenceBleu, type Token } from './metrics/bleu.js';
export { type ClassScores, ConfusionMatrix, largestClasses } from './metrics/confusion-matrix.js';
export { type Edits, editDistance } from './metrics/edit-distance.js';
export { characterErrorRate, ErrorRate, wordErrorRate } from './metrics/error-rate.js';
export { IntervalCoverage, QuantileLoss, RegressionErrors } from './metrics/forecast-errors.js';
export { KeyLikelihood } from './metrics/key-likelihood.js';
export { bitsFromNats, LikelihoodLoss, perplexity } from './metrics/likelihood.js';
export { naiveForecast, seasonalNaiveForecast } from './metrics/naive-forecast.js';
export type { OutputPer, OutputShape } from './model/build/build-graph.js';
export type { Parameter } from './model/build/parameters.js';
export { CarriedState } from './model/execute/carried-state.js';
export { type CheckGradientsOptions, checkGradients } from './model/check/check-gradients.js';
export type { GradientReport, OperandReport } from './model/check/gradient-report.js';
export type { Culprit } from './model/execute/diagnose.js';
export type { ExecutionOptions, TrainOptions } from './model/execute/execution-options.js';
export type { EvaluationResult, ModelMemory, StepResult } from './model/execute/results.js';
export { type CompileOptions, Model } from './model/model.js';
export {
  type InputDescription,
  type InputPlace,
  Network,
  type NetworkDescription,
  type NetworkFromJsonOptions,
  type NodeDescription,
  network,
  networkFromJSON,
  sequential,
} from './model/network.js';
export {
  type CellGradient,
  type CellStep,
  type CellUpstream,
  RecurrentCell,
  type RecurrentCellOptions,
  recurrentCell,
} from './model/recurrent-cell.js';
export type { AttentionMap } from './model/use/attention-maps.js';
export type { Decoder, DecoderBatch, DecoderOptions } from './model/use/decoder.js';
export type { PaddedOutput, PredictInput, PredictOptions } from './model/use/predictions.js';
export type { GradientOptions } from './model/use/gradients.js';
export type { SampleOptions, SymbolTable } from './model/use/sampling.js';
export type { Stream, StreamState } from './model/use/stream.js';
export { type Info, info } from './native/info.js';
export * from './network/define.js';
export {
  type AttentionDescription,
  type AttentionOptions,
  type AttentionScore,
  attention,
} from './network/layers/attention.js';
export {
  type ActivationDescription,
  activation,
  type DenseDescription,
  type DenseOptions,
  type DropoutDescription,
  type DropoutOptions,
  dense,
  dropout,
} from './network/layers/dense.js';
export { type EmbeddingDescription, type EmbeddingOptions, embedding } from './network/layers/embedding.js';
export {
  type LayerNormalizationDescription,
  type LayerNormalizationOptions,
  layerNormalization,
} from './network/layers/layer-normalization.js';
export { type AnyLayer, concatenate, type MergeDescription, sum } from './network/layers/layers.js';
export { type PenaltyDescription, type PenaltyOptions, penalty } from './network/layers/penalty.js';
export { type PoolDescription, pool } from './network/layers/pool.js';
export { gru, lstm, rnn } from './network/layers/recurrent.js';
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
} from './network/layers/recurrent-options.js';
export { type CtcOptions, type CtcReduction, ctcTarget, END_OF_TARGET, framesNeeded } from './network/losses/ctc.js';
export type {
  CtcLossDescription,
  LossDescription,
  LossName,
  QuantileLossDescription,
} from './network/losses/losses.js';
export type { QuantileOptions } from './network/losses/quantile.js';
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
} from './network/optimizers/optimizer.js';
export type { ModelLoss, NamedLosses } from './network/output-losses.js';
export { constant } from './network/schedules/constant.js';
export { cosine } from './network/schedules/cosine.js';
export { exponential } from './network/schedules/exponential.js';
export { parseSchedule } from './network/schedules/parse-schedule.js';
export { reduceOnPlateau } from './network/schedules/reduce-on-plateau.js';
export type { RateFunction } from './network/schedules/schedule.js';
export type { ScheduleDescription } from './network/schedules/schedule-description.js';
export { stepDecay } from './network/schedules/step-decay.js';
export { warmUp } from './network/schedules/warm-up.js';
export type { PredictionSource, TaskStream } from './tasks/definition/task.js';
export { type LoadModelOptions, type LoadedModel, loadModel } from './saved/load-model.js';
export { type SaveModelOptions, saveModel, saveModelSync } from './saved/save-model.js';
export {
  type LoadLanguageModelOptions,
  loadLanguageModel,
  type SampleLanguageModelOptions,
  type SavedLanguageModel,
  sampleLanguageModel,
} from './tasks/recipes/lm/saved-language-model.js';
export type { LoadTaskOptions, SavedTaskModel, TaskEvaluation } from './tasks/runner/saved-task.js';
export type { TaskResult, TaskStart, TaskWatch } from './tasks/runner/train-task.js';
export {
  evaluateTask,
  loadTask,
  predictTask,
  streamTask,
  type TaskName,
  type TaskOptions,
  trainTask,
} from './tasks/tasks.js';
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
export type { PlainTrainingData } from './training/plain-data.js';
export { type ProgressReporter, type ProgressStatus, silentProgress } from './training/progress.js';
export { type ScheduledSamplingOptions, scheduledSampling } from './training/scheduled-sampling.js';
export { Trainer } from './training/trainer.js';
export type { BatchPosition, TrainerOptions } from './training/trainer-options.js';
export type { BatchSource, TrainingSet } from './training/training-data.js';
export type { StopReason, TrainingResult } from './training/training-result.js';
export type { LossSummary } from './training/validation.js';
