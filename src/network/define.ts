/** What layers, losses and optimizers of one's own are defined with; the functions that they are built of are in operations.ts. */
export {
  type CheckedOptions,
  type DefinedOption,
  type DefinedOptions,
  type GivenOptions,
  option,
} from './defined-options.js';
export {
  type AnyLayerMaker,
  defineLayer,
  type LayerInputs,
  type LayerMaker,
  type OwnLayer,
} from './layers/define-layer.js';
export type { InitialValue, LayerDescription } from './layers/layer.js';
export type { LayerContext, ParameterSettings, ParameterUse } from './layers/layer-context.js';
export type { BuiltInLayer, DefinedLayer } from './layers/layers.js';
export {
  type AnyLossMaker,
  type BuildWeights,
  defineLoss,
  type LossContext,
  type LossMaker,
  type OwnLoss,
  type OwnLossInput,
  type WeightOption,
  type WeightUse,
} from './losses/define-loss.js';
export type { DefinedLoss } from './losses/losses.js';
export type {
  HuberDescription,
  MeanAbsoluteErrorDescription,
  MeanSquaredErrorDescription,
  SigmoidCrossEntropyDescription,
  SoftmaxCrossEntropyDescription,
} from './losses/weighted-losses.js';
export type { WeightOptions } from './losses/weighting.js';
export {
  type AnyOptimizerMaker,
  defineOptimizer,
  type OptimizerMaker,
  type OptimizerOptions,
  type OwnOptimizer,
  type StepMoment,
  type UpdateContext,
  type UpdateResult,
} from './optimizers/define-optimizer.js';
export type { BuiltInOptimizer, DefinedOptimizer } from './optimizers/optimizer.js';
