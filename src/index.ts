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
export { contiguousBatch, type PackedBatch, packSequences, type Rows, unpackSequences } from './data/packed-batch.js';
export { vocabularyFromJSON } from './data/saved-vocabulary.js';
export { type DataCursor, TokenStreams } from './data/streams.js';
export { readText, readTextSync } from './data/text.js';
export type { Vocabulary, VocabularyJson, VocabularyLevel } from './data/vocabulary.js';
export { WordVocabulary } from './data/word-vocabulary.js';
export {
  type ActivationDescription,
  activation,
  type DenseDescription,
  type DenseOptions,
  type DropoutDescription,
  dense,
  dropout,
} from './layers/dense.js';
export { type EmbeddingDescription, type EmbeddingOptions, embedding } from './layers/embedding.js';
export { type AnyLayer, concatenate, type MergeDescription, sum } from './layers/layers.js';
export {
  type GruDescription,
  type GruOptions,
  gru,
  type LstmDescription,
  lstm,
  type RecurrentDescription,
  type RecurrentOptions,
  type RnnDescription,
  type RnnOptions,
  rnn,
} from './layers/recurrent.js';
export type { LossName } from './losses/losses.js';
export type { Batch } from './model/batch.js';
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
