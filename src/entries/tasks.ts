/**
 * `bptt/tasks`: the recipes behind `bptt train TASK`, from a program. Each reads data, builds and trains a network, judges it
 * and uses it: language models, classification, tagging, forecasts, transcription, translation, captions, music.
 */

export type { JsonObject, JsonValue } from '../core/json.js';
export type { SubwordTokenizer } from '../data/tokenizer-vocabulary.js';
export type { TokenizerJson, Vocabulary, VocabularyJson, VocabularyLevel } from '../data/vocabulary.js';
export type { ModelMemory } from '../model/execute/results.js';
export type { SampleOptions } from '../model/use/sampling.js';
export type { CommonTable } from '../tasks/common-options.js';
export {
  type LoadLanguageModelOptions,
  loadLanguageModel,
  type SampleLanguageModelOptions,
  type SavedLanguageModel,
  sampleLanguageModel,
} from '../tasks/lm/saved-language-model.js';
export type { TrainingMemory } from '../tasks/measured-memory.js';
export type {
  EvaluateTaskOptions,
  LoadTaskOptions,
  PredictTaskOptions,
  SavedTaskModel,
  TaskEvaluation,
} from '../tasks/saved-task.js';
export type { PredictionSource, TaskContext, TaskStream } from '../tasks/task.js';
export type { Checked, Given, OptionTable, TaskOption } from '../tasks/task-options.js';
export {
  evaluateTask,
  loadTask,
  predictTask,
  streamTask,
  type TaskName,
  type TaskOptions,
  trainTask,
} from '../tasks/tasks.js';
export type { PartSizes, TaskResult, TaskStart, TaskWatch } from '../tasks/train-task.js';
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
export type { StopReason, TrainingResult } from '../training/training-result.js';
export type { LossSummary } from '../training/validation.js';
