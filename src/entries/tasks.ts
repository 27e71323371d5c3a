/**
 * `bptt/tasks`: the recipes of `bptt train TASK` as functions, and your own tasks. A task reads data, builds and trains
 * a network, evaluates it and uses it. Built in are language models, classification, tagging, forecasts, transcription,
 * translation, captions, music and memory problems. `defineTask` makes others from the same parts.
 */

export type { NumberBounds } from '../core/options.js';
export type { EpochOrder, Examples } from '../data/examples.js';
export type { SentenceLevel } from '../data/sentence-vocabulary.js';
export type { SequenceBatchesOptions } from '../data/sequence-batches.js';
export type { LabelSeparator } from '../files/labelled-text.js';
export type { SentencePair } from '../files/parallel-text.js';
export type { RowPlace } from '../files/row-error.js';
export type { FoundFormat, TableFormat } from '../files/table-format.js';
export type { TimeStep } from '../files/time-order.js';
export type { TimeStyle } from '../files/time-stamps.js';
export type { Category } from '../tasks/building-blocks/categories.js';
export type { FeatureEncoding, TextSteps } from '../tasks/building-blocks/feature-encoding.js';
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
  type SymbolChoice,
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
export { type TableChoices, tableFormatOf, tableOptions } from '../tasks/definition/table-options.js';
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
export type { ColumnsForm, LabelsForm, LineForm, SourceForm } from '../tasks/recipes/classify/source-form.js';
export type { TableForm } from '../tasks/recipes/classify/table-form.js';
export type { ForecastInput } from '../tasks/recipes/forecast/forecast.js';
export type { SavedForecast } from '../tasks/recipes/forecast/forecast-data.js';
export type { ForecastOrigin } from '../tasks/recipes/forecast/forecast-outputs.js';
export type { WindowExample } from '../tasks/recipes/forecast/forecast-windows.js';
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
