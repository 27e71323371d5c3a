/** Structures of recurrent layers that `auto` compares. */
import type { SequenceTable } from '../definition/common-options.js';
import type { Structure } from '../definition/structure.js';
import type { Checked } from '../definition/task-options.js';

const HALF_DROPOUT = 0.5;

/**
 * Other cells, numbers of layers, sizes and amounts of dropout than those of the options: cheap ones first.
 *
 * @param options.units of each layer
 */
export function bodyStructures({
  cell,
  layers,
  units,
  dropout,
}: Pick<Checked<SequenceTable>, 'cell' | 'layers' | 'units' | 'dropout'>): readonly Structure<
  'cell' | 'layers' | 'units' | 'dropout'
>[] {
  const half = Math.max(1, units >> 1);
  return [
    { name: `${half} units`, options: { units: half } },
    { name: cell === 'lstm' ? 'gru' : 'lstm', options: { cell: cell === 'lstm' ? 'gru' : 'lstm' } },
    { name: `${layers + 1} layers`, options: { layers: layers + 1 } },
    ...(dropout < HALF_DROPOUT ? [{ name: `dropout ${HALF_DROPOUT}`, options: { dropout: HALF_DROPOUT } }] : []),
    { name: `${2 * units} units`, options: { units: 2 * units } },
  ];
}
