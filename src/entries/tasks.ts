/**
 * `bptt/tasks`: the recipes of `bptt train TASK` as functions, and your own tasks. A task reads data, builds and trains
 * a network, evaluates it and uses it. Built in are language models, classification, tagging, forecasts, transcription,
 * translation, captions, music and memory problems. `defineTask` makes others from the same parts.
 */

export type { AxisSizes, Batch } from '../batch/batch.js';
export type { Rows } from '../batch/packed-batch.js';
export type { SequenceExample, SequencePackingOptions } from '../batch/sequence-packing.js';
export type { JsonObject, JsonValue } from '../core/json.js';
export type { NumberBounds } from '../core/options.js';
export type { EpochOrder, Examples } from '../data/examples.js';
export type { SequenceBatchesOptions } from '../data/sequence-batches.js';
export type { SubwordTokenizer } from '../data/tokenizer-vocabulary.js';
export type { TokenizerJson, Vocabulary, VocabularyJson, VocabularyLevel } from '../data/vocabulary.js';
export type { SentencePair } from '../files/parallel-text.js';
export type { RowPlace } from '../files/row-error.js';
export type { CompileOptions, ParameterOptions } from '../model/build/compile-options.js';
export type { ModelMemory } from '../model/execute/results.js';
export type { Network } from '../model/network.js';
export type { SampleOptions } from '../model/use/sampling.js';
export type { InputDescription, InputPlace, NetworkDescription, NodeDescription } from '../network/description.js';
export type { AttentionDescription, AttentionOptions, AttentionScore } from '../network/layers/attention.js';
export type {
  BatchNormalizationDescription,
  BatchNormalizationOptions,
} from '../network/layers/batch-normalization.js';
export type { Conv1dDescription, Conv1dOptions } from '../network/layers/conv1d.js';
export type { AnyLayerMaker } from '../network/layers/define-layer.js';
export type {
  ActivationDescription,
  DenseDescription,
  DenseOptions,
  DropoutDescription,
  DropoutOptions,
} from '../network/layers/dense.js';
export type { EmbeddingDescription, EmbeddingOptions } from '../network/layers/embedding.js';
export type { LayerDescription } from '../network/layers/layer.js';
export type {
  LayerNormalizationDescription,
  LayerNormalizationOptions,
} from '../network/layers/layer-normalization.js';
export type { AnyLayer, BuiltInLayer, DefinedLayer, MergeDescription } from '../network/layers/layers.js';
export type { Merge, MergeKind } from '../network/layers/merge.js';
export type { PenaltyDescription, PenaltyOptions } from '../network/layers/penalty.js';
export type { PoolDescription } from '../network/layers/pool.js';
export type { RecurrentDescription, RecurrentOptions } from '../network/layers/recurrent.js';
export type {
  CellActivation,
  Direction,
  GruDescription,
  GruOptions,
  LstmDescription,
  LstmOptions,
  RnnDescription,
  RnnOptions,
  ZoneoutRates,
} from '../network/layers/recurrent-options.js';
export type { CtcLossOptions, CtcOptions, CtcReduction } from '../network/losses/ctc.js';
export type { AnyLossMaker } from '../network/losses/define-loss.js';
export type { LossDescriptionObject } from '../network/losses/loss.js';
export type {
  CtcLossDescription,
  DefinedLoss,
  LossDescription,
  LossName,
  QuantileLossDescription,
} from '../network/losses/losses.js';
export type { QuantileOptions } from '../network/losses/quantile.js';
export type {
  HuberDescription,
  MeanAbsoluteErrorDescription,
  MeanSquaredErrorDescription,
  SigmoidCrossEntropyDescription,
  SoftmaxCrossEntropyDescription,
} from '../network/losses/weighted-losses.js';
export type { WeightOptions } from '../network/losses/weighting.js';
export type { OptimizerDescriptionObject } from '../network/optimizers/definition.js';
export type {
  AdagradDescription,
  AdamDescription,
  BuiltInOptimizer,
  DefinedOptimizer,
  OptimizerDescription,
  RmspropDescription,
  SgdDescription,
} from '../network/optimizers/optimizer.js';
export type { LossOptions, ModelLoss, NamedLosses } from '../network/output-losses.js';
export type { ExampleParts } from '../tasks/building-blocks/held-out.js';
export { type PackedModel, packingOf } from '../tasks/building-blocks/model-packing.js';
export { type ExampleOutput, outputsOf } from '../tasks/building-blocks/outputs.js';
export { probabilities } from '../tasks/building-blocks/probabilities.js';
export {
  type BodyOptions,
  type Pooling,
  recurrentBody,
  recurrentLayer,
} from '../tasks/building-blocks/recurrent-body.js';
export { requireData } from '../tasks/building-blocks/require-data.js';
export {
  encoderOf,
  type FeatureRows,
  featuresOf,
  fitEncoding,
  type InputEncoding,
  inputLayers,
  inputOfRow,
  inputValue,
  type RawInput,
} from '../tasks/building-blocks/sequence-inputs.js';
export { type SplitChoice, type SplitRule, splitParts } from '../tasks/building-blocks/split-parts.js';
export { type StepStreamOptions, stepStream } from '../tasks/building-blocks/step-stream.js';
export {
  type CommonDefaults,
  type CommonTable,
  commonOptions,
  type Decided,
  type RunDefaults,
  type RunTable,
  runOptions,
  type SequenceTable,
  type TrainingDefaults,
  trainingOptions,
} from '../tasks/definition/common-options.js';
export { defineTask } from '../tasks/definition/define-task.js';
export {
  type AnyPart,
  type AnyTask,
  examplesOf,
  type LossMetrics,
  type Packing,
  type Part,
  type PredictionSource,
  type ReadData,
  type Task,
  type TaskContext,
  type TaskCore,
  type TaskData,
  type TaskDefinition,
  type TaskStream,
} from '../tasks/definition/task.js';
export {
  type Checked,
  choiceOption,
  flagOption,
  type Given,
  jsonOption,
  numberOption,
  numberOrTextOption,
  type OptionAbout,
  type OptionTable,
  optional,
  type TaskOption,
  textOption,
} from '../tasks/definition/task-options.js';
export type { CaptionExample, SavedCaptions } from '../tasks/recipes/caption/caption-data.js';
export type { PicturePlace } from '../tasks/recipes/caption/caption-pictures.js';
export type { SavedClasses } from '../tasks/recipes/classify/classify-data.js';
export {
  type LoadLanguageModelOptions,
  loadLanguageModel,
  type SampleLanguageModelOptions,
  type SavedLanguageModel,
  sampleLanguageModel,
} from '../tasks/recipes/lm/saved-language-model.js';
export type { SavedMusic } from '../tasks/recipes/music/music-data.js';
export type { TranscribeSaved, Utterance } from '../tasks/recipes/transcribe/transcribe-data.js';
export type { SoundEncoding } from '../tasks/recipes/transcribe/transcribe-sound.js';
export type { SavedTranslation, TranslationExample } from '../tasks/recipes/translate/translate-data.js';
export type { TrainingMemory } from '../tasks/runner/measured-memory.js';
export type {
  EvaluateTaskOptions,
  LoadTaskOptions,
  PredictTaskOptions,
  SavedTaskModel,
  TaskEvaluation,
} from '../tasks/runner/saved-task.js';
export type { PartSizes, TaskResult, TaskStart, TaskWatch } from '../tasks/runner/train-task.js';
export {
  evaluateTask,
  loadTask,
  predictTask,
  type RunTask,
  streamTask,
  TASKS,
  type TaskMetrics,
  type TaskName,
  type TaskOf,
  type TaskOptions,
  type TaskReference,
  type TaskSaved,
  type TaskTable,
  trainTask,
} from '../tasks/tasks.js';
export type {
  CheckpointEvent,
  EpochEvent,
  RunPosition,
  StartEvent,
  StepEvent,
  TrainingCallbacks,
  ValidationEvent,
} from '../training/callbacks.js';
export type { ProgressReporter, ProgressStatus } from '../training/progress.js';
export type { BatchPosition } from '../training/trainer-options.js';
export type { StopReason, TrainingResult } from '../training/training-result.js';
export type { LossSummary } from '../training/validation.js';
