/** Simple recurrent cells of one step: h' = activation(W x + R h + b). Source: Elman 1990. */
import { affine } from './affine.js';
import { allColumns } from './columns.js';
import { assembled, type Cell, type CellContext, gateOf, sourcesOf } from './gates.js';
import { factorOf } from './polynomial.js';

/**
 * The cell whose next h is a value; undefined where it is none. Gates and other layers have the same equation: the next h of a cell goes out,
 * and its h belongs to no other cell.
 */
export function rnnCell(context: CellContext, name: string): Cell | undefined {
  const { facts } = context;
  const { activation, input, columns } = factorOf(facts, allColumns(facts, name));
  if (activation === undefined || input === undefined || columns.of !== name) return undefined;
  const sum = affine(facts, input);
  const units = sum?.terms[0]?.weight.columns;
  const sources = sum && units !== undefined ? sourcesOf(context, sum, units) : undefined;
  const gate = sources && gateOf(context, input, sources);
  const numbers = gate && assembled([gate]);
  if (numbers === undefined || sources === undefined) return undefined;
  const [x, h] = [sources.x.source.name as string, sources.h.source.name as string];
  if (!facts.isHandedOn(name) || facts.isStateOfCell(h)) return undefined;
  return { op: 'RNN', x, h, outputs: [name], ...numbers, activations: [activation] };
}
