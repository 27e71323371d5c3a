/**
 * What the recurrent cells over whole packed sequences share: `a` is the input projection of all steps (or `x`, `pW` and `bW`
 * stand for it, which costs less where the input is narrow), the recurrent weights come packed, `mask` drops what the recurrent product reads, `zone` says how much of the previous state stays.
 */
import type { Emits, HasAttributes, MayRead, Reads, Wants } from '../gradient-rule.js';
import type { Value } from '../value.js';
import { packedTransposed, unpacked } from './linear.js';

/** Operands and outputs of the cell by name; undefined for those that it has not. */
export function operandsOf<K extends string>(context: MayRead<K>, names: readonly K[]): Record<K, Value | undefined> {
  return Object.fromEntries(names.map((name) => [name, context.optional(name)])) as Record<K, Value | undefined>;
}

/** The attributes of the cell by name, as its backward operation takes them too. */
export function attributesOf<K extends string>(context: HasAttributes<K>, names: readonly K[]): Record<K, number> {
  return Object.fromEntries(names.map((name) => [name, context.attribute(name)])) as Record<K, number>;
}

/** The recurrent weights `p` of the cell packed for its backward pass. */
export function transposedWeights(context: Emits & Reads<'p'>): Value {
  return packedTransposed(context, unpacked(context.value('p')));
}

/**
 * Gradients of the input projection `a`, or of what the cell makes it from: `da` is its gradient.
 *
 * @param dW where it is known already
 */
export function inputGradients(context: Emits & MayRead<'x' | 'pW'> & Wants<'x' | 'pW' | 'bW'>, da: Value, dW?: Value) {
  const { graph } = context;
  const [x, pW] = [context.optional('x'), context.optional('pW')];
  if (x === undefined || pW === undefined) return { a: da };
  const weights = () => packedTransposed(context, unpacked(pW));
  return {
    x: context.wants('x') ? graph.apply('linear', { x: da, p: weights() }).y : undefined,
    pW: context.wants('pW') ? (dW ?? graph.apply('weightGradient', { dy: da, x }).dW) : undefined,
    bW: rowGradient(context, 'bW', da),
  };
}

/**
 * The output `candidate` of a cell that keeps a fraction of its previous state, undefined without such zoneout: asking
 * for it makes the cell keep it.
 *
 * @param zone the operand that gives the fraction for every element
 * @param zoneout the attribute that gives it for all
 */
export function candidate<Zone extends string, Zoneout extends string>(
  context: Reads<'candidate'> & MayRead<Zone> & HasAttributes<Zoneout>,
  zone: Zone,
  zoneout: Zoneout,
): Value | undefined {
  const hasZoneout = context.optional(zone) !== undefined || context.attribute(zoneout) > 0;
  return hasZoneout ? context.value('candidate') : undefined;
}

/** The last code of an activation whose derivative follows from its value (native/kernels/generic/activation.h). */
const LAST_WITH_SLOPE_OF_VALUE = 5;

/**
 * The derivatives of a cell's activations, undefined where they follow from the values of the gates: asking for them makes the cell
 * keep them. Where they are kept, the codes of the activations mean nothing to the backward operation, and are 0 in it.
 */
export function keptSlopes<Code extends string>(
  context: Reads<'slopes'> & HasAttributes<Code | 'inputClip'>,
  names: readonly Code[],
): { readonly slopes: Value | undefined; readonly codes: Record<Code, number> } {
  const codes = attributesOf<Code>(context, names);
  const numbers: readonly number[] = Object.values(codes);
  const follow = context.attribute('inputClip') === 0 && numbers.every((code) => code <= LAST_WITH_SLOPE_OF_VALUE);
  if (follow) return { slopes: undefined, codes };
  return {
    slopes: context.value('slopes'),
    codes: Object.fromEntries(names.map((name) => [name, 0])) as Record<Code, number>,
  };
}

/** The output that a layer normalisation of the recurrent product reads on the way back, undefined without a gain. */
export function normalizedOutput<Output extends string>(
  context: Reads<Output> & MayRead<'gain'>,
  name: Output,
): Value | undefined {
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
  context: Emits &
    Reads<'y'> &
    MayRead<'x' | 'pW' | 'h0' | 'mask'> &
    Wants<'x' | 'pW' | 'bW' | 'p'> &
    HasAttributes<'reverse'>,
  da: Value,
  dProduct: Value,
) {
  if (!context.wants('p')) return inputGradients(context, da);
  const x = context.wants('pW') && da === dProduct ? context.optional('x') : undefined;
  const operands = { da: dProduct, y: context.value('y'), ...operandsOf(context, ['h0', 'mask']), x };
  const { dR, dW } = context.graph.apply('stateWeightGradient', operands, attributesOf(context, ['reverse']));
  return { ...inputGradients(context, da, dW), p: dR };
}

/** Gradient of the row `name` that is added to all rows of a matrix with the gradient `dy`. */
export function rowGradient<Input extends string>(
  context: Emits & Wants<Input>,
  name: Input,
  dy: Value,
): Value | undefined {
  return context.wants(name) ? context.graph.apply('biasGradient', { dy }).db : undefined;
}

/** Gradient of the gain `name` of a layer normalisation of `x` inside the cell; `dy` is the gradient of its value. */
export function gainGradient<Input extends string>(
  context: Emits & Wants<Input> & HasAttributes<'epsilon'>,
  name: Input,
  dy: Value,
  x: Value | undefined,
): Value | undefined {
  if (!context.wants(name) || x === undefined) return undefined;
  return context.graph.apply('normalizationGainGradient', { dy, x }, attributesOf(context, ['epsilon'])).dgain;
}
