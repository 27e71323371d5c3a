/** Constants where the network needs columns. */
import { columnAxes, numbersAsWeights } from '../emission.js';
import type { OperatorContext } from '../operator-context.js';
import { columnsOf, isRows, type RowAxis, rowAxesOf, type Size } from '../sizes.js';
import type { Computed } from '../value.js';

/** What numbers are to become columns of. */
interface Target {
  /** Name of the constant. */
  readonly from: string;
  readonly sizes: readonly Size[];
  /** What has rows already; without it, the first node or input that has the rows of the sizes. */
  readonly beside?: Computed | undefined;
}

const rowsOf = (sizes: readonly Size[]) => [...rowAxesOf(sizes)].sort().join();

/** A value with the rows that are asked for, whatever its columns are. */
function withRows(context: OperatorContext, sizes: readonly Size[]): Computed {
  const wanted = rowsOf(sizes);
  const known = context.known.find((value) => rowsOf(value.sizes) === wanted);
  if (known !== undefined) return known;
  const longer = context.known.find(
    (value) => wanted === 'batch' && rowAxesOf(value.sizes).some((axis: RowAxis) => axis.startsWith('time')),
  );
  if (longer === undefined) return context.refuse(`a constant for each of ${wanted}, which nothing has yet`);
  const node = context.emission.operation(context.name, 'firstStep', [longer.node]);
  return { kind: 'computed', node, sizes: [['batch'], columnsOf(longer.sizes)], order: [1] };
}

/** Constant numbers, row-major, in every row: columns of zeros, to which a row is added that is trained like any other weight. */
export function constantColumns(
  context: OperatorContext,
  numbers: ArrayLike<number>,
  { from, sizes, beside }: Target,
): Computed {
  const { emission, name } = context;
  const source = beside ?? withRows(context, sizes);
  const count = context.bounded(columnsOf(sizes));
  const zeros = emission.operation(name, 'permuteColumns', [source.node], { order: new Array<number>(count).fill(-1) });
  const order = columnAxes(sizes);
  const value: Computed = { kind: 'computed', node: zeros, sizes, order };
  const row = Array.from({ length: count }, (_, at) => numbers[numbers.length === 1 ? 0 : at] as number);
  if (row.every((number) => number === 0)) return value;
  const node = emission.operation(name, 'add', [zeros], { row: count });
  emission.builder.weights.set(`${node}.row`, numbersAsWeights(from, row));
  return { ...value, node };
}

/** Whether axes have no rows but those of examples. */
export function isPerExample(sizes: readonly Size[]): boolean {
  return sizes.every((size) => !isRows(size) || size.join() === 'batch');
}
