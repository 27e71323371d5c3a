/** Language models from text files: the task behind the command line. */
export {
  LANGUAGE_MODEL_DEFAULTS,
  LANGUAGE_MODEL_OPTIONS,
  type LanguageModelPlace,
  type LanguageModelRecurrentOptions,
  type LanguageModelSettings,
} from './language-model-options.js';
export {
  type EvaluateLanguageModelOptions,
  evaluateLanguageModel,
  type LoadLanguageModelOptions,
  loadLanguageModel,
  type SampleLanguageModelOptions,
  type SavedLanguageModel,
  sampleLanguageModel,
} from './saved-language-model.js';
export {
  type LanguageModelMemory,
  type LanguageModelResult,
  type LanguageModelStart,
  type TrainLanguageModelOptions,
  trainLanguageModel,
} from './train-language-model.js';
