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
export type { PianoPiece } from '../files/piano-pieces.js';
export type { RowPlace } from '../files/row-error.js';
export type { FoundFormat, TableFormat } from '../files/table-format.js';
export type { TimeStyle } from '../files/time-stamps.js';
export type { TimeStep } from '../files/time-step.js';
export { bodyStructures } from '../tasks/building-blocks/body-structures.js';
export type { Category } from '../tasks/building-blocks/categories.js';
export type { FeatureEncoding, TextSteps } from '../tasks/building-blocks/feature-encoding.js';
export type { ExampleParts } from '../tasks/building-blocks/held-out.js';
export { type PackedModel, packingOf } from '../tasks/building-blocks/model-packing.js';
export { startFromFrequencies } from '../tasks/building-blocks/output-biases.js';
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
export { type LengthOptions, type LengthRule, trainingLength } from '../tasks/building-blocks/training-length.js';
export {
  type CommonDefaults,
  type CommonTable,
  commonOptions,
  type Decided,
  type RunDefaults,
  type RunTable,
  runOptions,
  type SequenceTable,
  settledOptions,
  type TrainingDefaults,
  trainingOptions,
} from '../tasks/definition/common-options.js';
export type { LossMetrics, OutputPrediction } from '../tasks/definition/default-results.js';
export { defineTask } from '../tasks/definition/define-task.js';
export type { NaiveRule, NaiveRules, Pace } from '../tasks/definition/naive-rule.js';
export { type AnyPart, examplesOf, type Part, partExamples } from '../tasks/definition/parts.js';
export type { Setting, Settings } from '../tasks/definition/settings.js';
export type { Structure } from '../tasks/definition/structure.js';
export { type TableChoices, tableFormatOf, tableOptions } from '../tasks/definition/table-options.js';
export type {
  AnyTask,
  AtLine,
  Packing,
  PredictionSource,
  ReadData,
  TakeNote,
  Task,
  TaskContext,
  TaskCore,
  TaskData,
  TaskDefinition,
  TaskStream,
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
export type { LinearForecast } from '../tasks/naive/linear-forecast.js';
export type { Caption } from '../tasks/recipes/caption/caption.js';
export type { CaptionExample, SavedCaptions } from '../tasks/recipes/caption/caption-data.js';
export type { PicturePlace } from '../tasks/recipes/caption/caption-pictures.js';
export type { SequenceValue } from '../tasks/recipes/classify/class-task.js';
export type { ClassPrediction } from '../tasks/recipes/classify/classify.js';
export type { SavedClasses } from '../tasks/recipes/classify/classify-data.js';
export type { ColumnsForm, LabelsForm, LineForm, SourceForm } from '../tasks/recipes/classify/source-form.js';
export type { TableForm } from '../tasks/recipes/classify/table-form.js';
export type { TagPrediction } from '../tasks/recipes/classify/tag.js';
export type { StepClass } from '../tasks/recipes/classify/tag-stream.js';
export type { ForecastInput, ForecastValue } from '../tasks/recipes/forecast/forecast.js';
export type { LastTime } from '../tasks/recipes/forecast/forecast-dates.js';
export type { SavedForecast } from '../tasks/recipes/forecast/forecast-options.js';
export type { ForecastOrigin, ForecastRecord, QuantileRecord } from '../tasks/recipes/forecast/forecast-outputs.js';
export type { SavedTime } from '../tasks/recipes/forecast/forecast-steps.js';
export type { WindowExample } from '../tasks/recipes/forecast/forecast-windows.js';
export type { TextLikelihood } from '../tasks/recipes/lm/language-model-reader.js';
export {
  type LoadLanguageModelOptions,
  loadLanguageModel,
  type SampleLanguageModelOptions,
  type SavedLanguageModel,
  sampleLanguageModel,
} from '../tasks/recipes/lm/saved-language-model.js';
export type { Continuation, NextFrame } from '../tasks/recipes/music/music.js';
export type { SavedMusic } from '../tasks/recipes/music/music-data.js';
export type { Remembered } from '../tasks/recipes/remember/remember.js';
export type { TranscribeSaved, Utterance, Utterances } from '../tasks/recipes/transcribe/transcribe-data.js';
export type { Transcription } from '../tasks/recipes/transcribe/transcribe-decoding.js';
export type { SoundEncoding } from '../tasks/recipes/transcribe/transcribe-sound.js';
export type { StreamedSymbol } from '../tasks/recipes/transcribe/transcribe-stream.js';
export type { Translation } from '../tasks/recipes/translate/translate.js';
export type { SavedTranslation, TranslationExample } from '../tasks/recipes/translate/translate-data.js';
export type { StructureComparison, StructureResult } from '../tasks/runner/compare-structures.js';
export type { FoldMetric, FoldResults } from '../tasks/runner/fold-results.js';
export type { LoadedTask, PlacedPrediction, TaskCallOptions } from '../tasks/runner/loaded-task.js';
export type { TrainingMemory } from '../tasks/runner/measured-memory.js';
export type { NaiveComparison, NaiveResult } from '../tasks/runner/naive-results.js';
export type { Gain } from '../tasks/runner/paired-gain.js';
export type { LoadTaskOptions, ReachedMeasures, SavedTaskModel } from '../tasks/runner/saved-task.js';
export type { SettledOption } from '../tasks/runner/settle-options.js';
export type { TaskEvaluation } from '../tasks/runner/task-evaluation.js';
export type { PartSizes, TaskResult, TaskStart, TaskWatch } from '../tasks/runner/train-task.js';
export {
  type AnyRunOptions,
  type EvaluateTaskOptions,
  evaluateTask,
  type LoadedTaskOf,
  loadTask,
  type PredictTaskOptions,
  predictTask,
  type RunTask,
  streamTask,
  TASKS,
  type TaskMetrics,
  type TaskName,
  type TaskNameOf,
  type TaskOf,
  type TaskOptions,
  type TaskPrediction,
  type TaskReference,
  type TaskSaved,
  type TaskStreamResult,
  type TaskTable,
  type TaskValue,
  trainTask,
} from '../tasks/tasks.js';
