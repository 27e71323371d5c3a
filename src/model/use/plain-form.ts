/** The form that plain sequences must have for a network, from its description, its outputs and its losses. */
import { TIME } from '../../batch/axes.js';
import type { PlainForm } from '../../batch/plain-examples.js';
import type { PlainField } from '../../batch/plain-sequences.js';
import type { SymbolicExtent } from '../../graph/extent.js';
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';
import type { NetworkDescription } from '../../network/description.js';
import { ctcTarget } from '../../network/losses/ctc.js';
import type { CtcLossDescription } from '../../network/losses/losses.js';
import { isLossKind } from '../../network/losses/losses.js';
import { type ModelLoss, outputLosses } from '../../network/output-losses.js';
import { outputPer } from '../build/build-graph.js';

/** Facts about a target besides its value in the graph. */
interface Labelled {
  readonly loss: CtcLossDescription;
  readonly classes: number;
  /** Time axis of the frames. */
  readonly frames: string;
}

function inputField(name: string, input: NetworkDescription['inputs'][string]): PlainField {
  const { axis = TIME, per = 'step' } = input;
  const place: Pick<PlainField, 'title' | 'axis' | 'per'> = { title: `input '${name}'`, axis, per };
  if (input.kind === 'features') return { ...place, width: input.units };
  return { ...place, width: 1, ids: { low: 0, high: input.size } };
}

function targetField(name: string, value: Value, labelled: Labelled | undefined): PlainField {
  const { rows, columns, type, low, high, nonNegative } = value;
  const place = {
    title: `target '${name}'`,
    axis: (rows as SymbolicExtent).axis,
    per: outputPer(value),
    isTarget: true,
  } as const;
  if (labelled !== undefined) {
    const { loss, classes, frames } = labelled;
    const { blank = 0, zeroInfinity = false } = loss;
    const labels = (ids: Int32Array, count: number | undefined) =>
      ctcTarget(ids, { classes, blank, ...(count !== undefined && !zeroInfinity && { frames: count }) });
    return { ...place, width: 1, ids: { low: 0, high: classes }, labels, frames };
  }
  const kind = type === 'int32' ? { ids: { low, high } } : nonNegative === true ? { weights: nonNegative } : {};
  return { ...place, width: columns, ...kind };
}

/**
 * The form of plain sequences.
 *
 * @param targets targets by name, as values of the graph
 * @param outputs axis and width of each output
 * @param graph knows the time axes that layers make
 */
export function plainForm(
  description: NetworkDescription,
  loss: ModelLoss,
  targets: ReadonlyMap<string, Value>,
  outputs: ReadonlyMap<string, { readonly axis: string; readonly columns: number }>,
  { derivedAxes }: Pick<Graph, 'derivedAxes'>,
): PlainForm {
  const labelled = new Map<string, Labelled>();
  for (const { target, output, loss: each } of outputLosses(description, loss)) {
    const shape = outputs.get(output);
    if (shape === undefined || !isLossKind(each, 'ctc')) continue;
    labelled.set(target, { loss: each, classes: shape.columns, frames: shape.axis });
  }
  return {
    inputs: new Map(Object.entries(description.inputs).map(([name, input]) => [name, inputField(name, input)])),
    targets: new Map([...targets].map(([name, value]) => [name, targetField(name, value, labelled.get(name))])),
    derivedAxes: [...derivedAxes],
  };
}
