/** Structures of recurrent layers that `auto` compares. */
import { requireObject } from '../../core/arguments.js';
import type { SequenceTable } from '../definition/common-options.js';
import type { Structure } from '../definition/structure.js';
import type { Checked } from '../definition/task-options.js';

const HALF_DROPOUT = 0.5;

/**
 * Other cells, numbers of layers, sizes and amounts of dropout than those of the options: cheap ones first.
 *
 * @param options.units of each layer
 * @throws {OptionError} `invalid_option` for what is no object
 */
export function bodyStructures(
  options: Pick<Checked<SequenceTable>, 'cell' | 'layers' | 'units' | 'dropout' | 'recurrent'>,
): readonly Structure<'cell' | 'layers' | 'units' | 'dropout'>[] {
  const { cell, layers, units, dropout, recurrent = {} } = requireObject('the options', options);
  // Further options of the layers may be those of the cell alone.
  const hasOther = Object.keys(recurrent).length === 0;
  const other = cell === 'lstm' ? 'gru' : 'lstm';
  const half = Math.max(1, units >> 1);
  return [
    ...(half < units ? [{ name: `${half} units`, options: { units: half } }] : []),
    ...(hasOther ? [{ name: other, options: { cell: other } }] : []),
    { name: `${layers + 1} layers`, options: { layers: layers + 1 } },
    ...(dropout < HALF_DROPOUT ? [{ name: `dropout ${HALF_DROPOUT}`, options: { dropout: HALF_DROPOUT } }] : []),
    { name: `${2 * units} units`, options: { units: 2 * units } },
  ];
}
