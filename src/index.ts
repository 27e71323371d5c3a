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
export { CharacterVocabulary } from './data/character-vocabulary.js';
export { type Corpus, characterStreams, wordStreams } from './data/corpus.js';
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
export type { PackedOrder } from './data/rows.js';
export { vocabularyFromJSON } from './data/saved-vocabulary.js';
export { applyOrder, restoreOrder } from './data/sequence-rows.js';
export { type DataCursor, TokenStreams } from './data/streams.js';
export { readText, readTextSync } from './data/text.js';
export type { Vocabulary, VocabularyJson, VocabularyLevel } from './data/vocabulary.js';
export { WordVocabulary } from './data/word-vocabulary.js';
export {
  type BeamSearchOptions,
  beamSearch,
  beamSearchSync,
  type Hypothesis,
  type LabelModel,
} from './decoding/beam-search.js';
export type { FrameScores } from './decoding/frames.js';
export { type DecodedLabel, greedyDecode } from './decoding/greedy.js';
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
export type { LossName } from './losses/losses.js';
export type { Batch } from './model/batch.js';
export type { OutputPer } from './model/build-graph.js';
export { CarriedState } from './model/carried-state.js';
export type { Culprit } from './model/diagnose.js';
export { type CompileOptions, Model } from './model/model.js';
export {
  type InputDescription,
  Network,
  type NetworkDescription,
  type NodeDescription,
  network,
  networkFromJSON,
  sequential,
} from './model/network.js';
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
  evaluateLanguageModel,
  type LanguageModelResult,
  loadLanguageModel,
  type SavedLanguageModel,
  sampleLanguageModel,
  type TrainLanguageModelOptions,
  trainLanguageModel,
} from './tasks/language-model.js';
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
export { Trainer } from './training/trainer.js';
export type { TrainerOptions } from './training/trainer-options.js';
export type { BatchSource, TrainingSet } from './training/training-data.js';
export type { StopReason, TrainingResult } from './training/training-result.js';
export type { LossSummary } from './training/validation.js';
