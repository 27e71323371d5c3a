/**
 * `bptt`: describe a recurrent network, compile it into a model, train it, use it.
 *
 * Readers and preparation of data are in `bptt/data` and `bptt/features`, metrics and decoders of outputs in
 * `bptt/metrics` and `bptt/decoding`, checkpoint files in `bptt/checkpoint`, the recipes of the command line in
 * `bptt/tasks`.
 */

export type { AxisSizes, Batch } from './batch/batch.js';
export { type ExampleForm, type FieldExample, type FieldForm, packExamples } from './batch/example-packing.js';
export type { Mask, PaddedShape } from './batch/mask.js';
export { type PackedBatch, type PackOptions, packSequences, type Rows, unpackSequences } from './batch/packed-batch.js';
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
export * from './core/errors.js';
export type { JsonObject, JsonValue } from './core/json.js';
export { Random, type RandomState } from './core/random.js';
export type { Normalization } from './data/normalization.js';
export type { SavedVocabularyOptions } from './data/saved-vocabulary.js';
export type { SubwordTokenizer } from './data/tokenizer-vocabulary.js';
export type { TokenizerJson, Vocabulary, VocabularyJson, VocabularyLevel } from './data/vocabulary.js';
export type { Extent, SymbolicExtent, ValueType } from './graph/extent.js';
export type { Value } from './graph/value.js';
export type { OutputPer, OutputShape } from './model/build/build-graph.js';
export type { StreamObstacle } from './model/build/causality.js';
export type { ParameterOptions } from './model/build/compile-options.js';
export type {
  ModelBuffer,
  Parameter,
  ParameterBlocks,
  ParameterLayout,
  PlacedBuffer,
  PlacedRequest,
} from './model/build/parameters.js';
export type { Precision } from './model/build/precision.js';
export { type CheckGradientsOptions, checkGradients } from './model/check/check-gradients.js';
export type { GradientReport, OperandReport } from './model/check/gradient-report.js';
export type { CheckedModel } from './model/check/objective.js';
export { CarriedState } from './model/execute/carried-state.js';
export type { StateForm } from './model/execute/check-batch.js';
export type { Culprit } from './model/execute/diagnose.js';
export type { ExecutionOptions, TrainOptions } from './model/execute/execution-options.js';
export type { EvaluationResult, ModelMemory, StepResult } from './model/execute/results.js';
export { type CompileOptions, Model } from './model/model.js';
export type { NetworkFromJsonOptions } from './model/network.js';
export {
  type InputDescription,
  type InputPlace,
  type Network,
  type NetworkDescription,
  type NodeDescription,
  network,
  networkFromJSON,
  sequential,
} from './model/network.js';
export type { RestoredParameters } from './model/network-instance.js';
export {
  type CellGradient,
  type CellStep,
  type CellUpstream,
  RecurrentCell,
  type RecurrentCellOptions,
  recurrentCell,
} from './model/recurrent-cell.js';
export type { AttentionMap } from './model/use/attention-maps.js';
export type { Decoder } from './model/use/decoder.js';
export type { DecoderBatch, DecoderOptions } from './model/use/decoder-input.js';
export type { EvaluateOptions } from './model/use/evaluation.js';
export type { GradientOptions, Gradients } from './model/use/gradients.js';
export type { Metric, MetricSequence } from './model/use/metric.js';
export type { PaddedOutput, PredictInput, PredictOptions } from './model/use/predictions.js';
export type { SampleOptions, SymbolTable } from './model/use/sampling.js';
export type { StreamInput } from './model/use/step-row.js';
export type { Stream } from './model/use/stream.js';
export type { GroupInputs, StreamGroup, StreamGroupOptions } from './model/use/stream-group.js';
export type { StreamSession } from './model/use/stream-session.js';
export type { StreamReadOptions, StreamState, StreamStepOptions } from './model/use/streamed-model.js';
export type { NativeUpdateLock } from './native/addon.js';
export { type Info, info } from './native/info.js';
export * from './network/define.js';
export type { RequiredOptions } from './network/defined-options.js';
export type { ParameterRole, ParameterShape } from './network/initializers/initializer-distributions.js';
export {
  type AttentionDescription,
  type AttentionOptions,
  type AttentionScore,
  attention,
} from './network/layers/attention.js';
export {
  type BatchNormalizationDescription,
  type BatchNormalizationOptions,
  batchNormalization,
} from './network/layers/batch-normalization.js';
export type { ColumnConvolutionDescription, ColumnConvolutionOptions } from './network/layers/column-convolution.js';
export { type Conv1dDescription, type Conv1dOptions, conv1d } from './network/layers/conv1d.js';
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
export type {
  BufferRequest,
  LayerDefinition,
  LayerDefinitions,
  LayerRule,
  ParameterRequest,
} from './network/layers/layer.js';
export {
  type LayerNormalizationDescription,
  type LayerNormalizationOptions,
  layerNormalization,
} from './network/layers/layer-normalization.js';
export {
  type AnyLayer,
  add,
  average,
  concatenate,
  type MergeDescription,
  multiply,
  sum,
} from './network/layers/layers.js';
export type { Merge, MergeKind } from './network/layers/merge.js';
export type { OperationDescription, OperationName, OperationOptions } from './network/layers/operation.js';
export { type PenaltyDescription, type PenaltyOptions, penalty } from './network/layers/penalty.js';
export { type PoolDescription, type PoolOptions, pool } from './network/layers/pool.js';
export { gru, lstm, rnn } from './network/layers/recurrent.js';
export type {
  CellActivation,
  Direction,
  GruDescription,
  GruOptions,
  LstmDescription,
  LstmOptions,
  NumberedActivation,
  RecurrentDescription,
  RecurrentOptions,
  RnnDescription,
  RnnOptions,
  ZoneoutRates,
} from './network/layers/recurrent-options.js';
export type { CtcLossOptions, CtcOptions, CtcReduction } from './network/losses/ctc.js';
export type { LossDescriptionObject } from './network/losses/loss.js';
export type {
  CtcLossDescription,
  LossDescription,
  LossName,
  QuantileLossDescription,
} from './network/losses/losses.js';
export type { QuantileOptions } from './network/losses/quantile.js';
export type { OptimizerDescriptionObject } from './network/optimizers/definition.js';
export { type NamedOptimizerOptions, optimizerNamed } from './network/optimizers/named-optimizer.js';
export {
  type AdagradDescription,
  type AdagradOptions,
  type AdamDescription,
  type AdamOptions,
  adagrad,
  adam,
  adamW,
  type MomentumOptions,
  momentum,
  type OptimizerDescription,
  type OptimizerName,
  type RmspropDescription,
  type RmspropOptions,
  rmsprop,
  type SgdDescription,
  type SgdOptions,
  sgd,
} from './network/optimizers/optimizer.js';
export type { LossOptions, ModelLoss, NamedLosses } from './network/output-losses.js';
export { type ConstantDescription, constant } from './network/schedules/constant.js';
export { type CosineDescription, type CosineOptions, cosine } from './network/schedules/cosine.js';
export { type CreateScheduleOptions, createSchedule } from './network/schedules/create-schedule.js';
export {
  type DefinedSchedule,
  defineSchedule,
  type OwnSchedule,
  type ScheduleMaker,
} from './network/schedules/define-schedule.js';
export type { AnyScheduleMaker } from './network/schedules/definition.js';
export { type ExponentialDescription, type ExponentialOptions, exponential } from './network/schedules/exponential.js';
export { type OneCycleDescription, type OneCycleOptions, oneCycle } from './network/schedules/one-cycle.js';
export { parseSchedule } from './network/schedules/parse-schedule.js';
export {
  type ReduceOnPlateauDescription,
  type ReduceOnPlateauOptions,
  reduceOnPlateau,
} from './network/schedules/reduce-on-plateau.js';
export type { RateFunction, Schedule, ScheduleContext, ScheduleState } from './network/schedules/schedule.js';
export type { ScheduleDescription, WarmUpDescription } from './network/schedules/schedule-description.js';
export { type StepDecayDescription, type StepDecayOptions, stepDecay } from './network/schedules/step-decay.js';
export { type WarmUpOptions, warmUp } from './network/schedules/warm-up.js';
export type { CheckpointChoice } from './saved/find-checkpoint.js';
export { type LoadedModel, type LoadModelOptions, loadModel } from './saved/load-model.js';
export type { Definitions, ReadDescriptionOptions } from './saved/model-metadata.js';
export type { TensorHolder, TensorView } from './saved/model-tensors.js';
export { type SaveModelOptions, saveModel, saveModelSync } from './saved/save-model.js';
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
export type { PlainTrainingData, PlainTrainingSet, TrainingData } from './training/plain-data.js';
export { type ProgressReporter, type ProgressStatus, silentProgress } from './training/progress.js';
export { type ScheduledSamplingOptions, scheduledSampling } from './training/scheduled-sampling.js';
export type { StepCounts, TrainableModel } from './training/trainable-model.js';
export { Trainer } from './training/trainer.js';
export type { BatchPosition, TrainerOptions } from './training/trainer-options.js';
export type { BatchSource, TrainingSet } from './training/training-data.js';
export type { StopReason, TrainingResult } from './training/training-result.js';
export type { LossSummary } from './training/validation.js';
