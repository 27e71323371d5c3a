/** Refuses states that are not finite: they would spoil all later steps of their sequence without a word. */
import { DataError, NumericError } from '../../core/errors.js';
import { areFinite, firstNonFinite } from '../../core/finite.js';

/** States by name, row-major [B * units]. */
type States = Iterable<readonly [name: string, values: Float32Array]>;

/** Where a number is that is not finite. */
interface Place {
  readonly name: string;
  /** Row of the state. */
  readonly row: number;
  /** Place within that row. */
  readonly unit: number;
  readonly value: number;
}

function placeOf(states: States, batch: number): Place | undefined {
  for (const [name, values] of states) {
    const at = firstNonFinite(values);
    if (at < 0) continue;
    const units = values.length / batch;
    return { name, row: Math.floor(at / units), unit: at % units, value: values[at] as number };
  }
  return undefined;
}

/**
 * @param batch sequences B
 * @param order the sequence of each row, where rows have another order
 * @throws {DataError} `non_finite_data` with state, sequence and unit
 */
export function requireFiniteStates(states: States, batch: number, order?: Int32Array): void {
  const found = placeOf(states, batch);
  if (found === undefined) return;
  const { name, row, unit, value } = found;
  const sequence = order?.[row] ?? row;
  const message = `state '${name}' has ${value} in sequence ${sequence}, unit ${unit}, expected finite numbers: reset it, or begin with a new one`;
  throw new DataError('non_finite_data', message, { name, sequence, unit, value });
}

const CAUSE = 'its inputs, its state or the weights are too large';

/** As `requireFiniteStates`, of final states that would replace others. @throws {NumericError} `non_finite_state`; nothing has changed */
export function requireFiniteResults(finals: States, batch: number, order?: Int32Array): void {
  const found = placeOf(finals, batch);
  if (found === undefined) return;
  const { name, row, unit, value } = found;
  const sequence = order?.[row] ?? row;
  const message = `the final state '${name}' of sequence ${sequence} has ${value} in unit ${unit}: ${CAUSE}. The carried state has not changed`;
  throw new NumericError('non_finite_state', message, { name, sequence, unit, value });
}

/**
 * The error of steps of a stream that give NaN, or a state that is not finite; undefined where they are sound. Outputs alone may be
 * infinite: an own layer may mean it. Finite outputs do not show that the states are: an activation may bound what an infinite one gives.
 *
 * @param outputs row-major, a row for each step
 * @param columns of a row
 * @param finals the final states
 * @param first number of the first step in the stream, from 0
 */
export function unsoundSteps(
  outputs: Float32Array,
  columns: number,
  finals: () => States,
  first: number,
): NumericError | undefined {
  const at = areFinite(outputs) ? -1 : outputs.findIndex(Number.isNaN);
  const state = placeOf(finals(), 1);
  if (at < 0 && state === undefined) return undefined;
  const step = at < 0 ? undefined : first + Math.floor(at / columns);
  const output = at < 0 ? undefined : at % columns;
  const parts = [
    ...(at < 0 ? [] : [`output ${output} is NaN at step ${step}`]),
    ...(state === undefined ? [] : [`state '${state.name}' has ${state.value} in unit ${state.unit}`]),
  ];
  const message = `the stream is no longer finite: ${parts.join(', ')}; ${CAUSE}. It is as it was before the call`;
  return new NumericError('non_finite_output', message, { step, output, state: state?.name, unit: state?.unit });
}
