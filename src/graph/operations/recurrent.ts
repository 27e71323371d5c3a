/**
 * What the recurrent cells over whole packed sequences share: `a` is the input projection of all steps (or `x`, `pW` and `bW`
 * stand for it, which costs less where the input is narrow), the recurrent weights come packed, `mask` drops what the recurrent product reads, `zone` says how much of the previous state stays.
 */
import type { GradientContext, OperationDefinition } from '../operation.js';
import { only, type Value } from '../value.js';
import { packedTransposed, unpacked } from './linear.js';

/** The upstream gradients of outputs that may have none, by the operand names of the backward operations. */
function upstream(
  context: GradientContext,
  names: Readonly<Record<string, string>>,
): Record<string, Value | undefined> {
  return Object.fromEntries(Object.entries(names).map(([operand, output]) => [operand, context.gradient(output)]));
}

/** Inputs and outputs of the cell by name; undefined for those that it has not. */
export function operandsOf(context: GradientContext, names: readonly string[]): Record<string, Value | undefined> {
  return Object.fromEntries(names.map((name) => [name, context.optional(name)]));
}

/**
 * Gradients of the input projection `a`, or of what the cell makes it from: `da` is its gradient.
 *
 * @param dW where it is known already
 */
export function inputGradients(context: GradientContext, da: Value, dW?: Value): Record<string, Value | undefined> {
  const { graph } = context;
  const x = context.optional('x');
  if (x === undefined) return { a: da };
  const weights = () => packedTransposed(context, unpacked(context.value('pW')));
  return {
    x: context.wants('x') ? only(graph.apply('linear', { x: da, p: weights() }), 'y') : undefined,
    pW: context.wants('pW') ? (dW ?? only(graph.apply('weightGradient', { dy: da, x }), 'dW')) : undefined,
    bW: rowGradient(context, 'bW', da),
  };
}

/** The attributes of the cell by name, as its backward operation takes them too. */
function attributesOf({ node }: GradientContext): Record<string, number> {
  const { attributes } = node.operation;
  return Object.fromEntries(attributes.map((name, index) => [name, node.attributes[index] as number]));
}

/**
 * The output `candidate` of a cell that keeps a fraction of its previous state, undefined without such zoneout: asking
 * for it makes the cell keep it.
 *
 * @param zone the operand that gives the fraction for every element
 * @param zoneout the attribute that gives it for all
 */
export function candidate(context: GradientContext, zone: string, zoneout: string): Value | undefined {
  const hasZoneout = context.optional(zone) !== undefined || context.attribute(zoneout) > 0;
  return hasZoneout ? context.value('candidate') : undefined;
}

/**
 * Applies the backward operation of a cell.
 *
 * @param gradients output of the cell by the operand that takes its gradient
 * @param same      operands that it takes as the cell has or made them
 * @param others    its other operands; the recurrent weights, packed for it, are `pT` unless they stand here
 */
export function applyBackward(
  context: GradientContext,
  name: string,
  gradients: Readonly<Record<string, string>>,
  same: readonly string[],
  others: Readonly<Record<string, Value | undefined>>,
): Record<string, Value> {
  const operands = {
    ...upstream(context, gradients),
    ...operandsOf(context, same),
    pT: others['pT'] ?? packedTransposed(context, unpacked(context.value('p'))),
    ...others,
  };
  return context.graph.apply(name, operands, attributesOf(context));
}

/** The output that a layer normalisation of the recurrent product reads on the way back, undefined without a gain. */
export function normalizedOutput(context: GradientContext, name: string): Value | undefined {
  return context.optional('gain') === undefined ? undefined : context.value(name);
}

/**
 * Gradients of the input projection, or of what the cell makes it from, and of recurrent weights whose every row sees the
 * state alike. Where the cell multiplies its input itself, both weights' gradients are one product.
 *
 * @param da       gradient of the input projection
 * @param dProduct gradient of the recurrent product
 */
export function projectionGradients(
  context: GradientContext,
  da: Value,
  dProduct: Value,
): Record<string, Value | undefined> {
  if (!context.wants('p')) return inputGradients(context, da);
  const x = context.wants('pW') && da === dProduct ? context.optional('x') : undefined;
  const operands = { da: dProduct, ...operandsOf(context, ['y', 'h0', 'mask']), x };
  const { dR, dW } = context.graph.apply('stateWeightGradient', operands, { reverse: context.attribute('reverse') });
  return { ...inputGradients(context, da, dW), p: dR };
}

/** Gradient of the row `name` that is added to all rows of a matrix with the gradient `dy`. */
export function rowGradient(context: GradientContext, name: string, dy: Value): Value | undefined {
  return context.wants(name) ? only(context.graph.apply('biasGradient', { dy }), 'db') : undefined;
}

/** Gradient of the gain `name` of a layer normalisation of `x` inside the cell; `dy` is the gradient of its value. */
export function gainGradient(
  context: GradientContext,
  name: string,
  dy: Value | undefined,
  x: Value | undefined,
): Value | undefined {
  if (!context.wants(name)) return undefined;
  const epsilon = context.attribute('epsilon');
  return only(context.graph.apply('normalizationGainGradient', { dy, x }, { epsilon }), 'dgain');
}

export const recurrentOperations: Readonly<Record<string, OperationDefinition>> = {
  stateWeightGradient: {
    signature: 'da:N,G ~y:N,H h0:B,H? mask:B,H? x:N,I? > dR:G,H dW:G,I?',
    attributes: 'reverse:0..1i',
    role: 'backward',
  },
};
