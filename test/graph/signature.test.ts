import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../src/core/errors.js';
import type { Extent } from '../../src/graph/extent.js';
import { Graph } from '../../src/graph/graph.js';
import { extentOf, lettersOf, matchOperand, parseSignature } from '../../src/graph/signature.js';
import type { Value } from '../../src/graph/value.js';

const graph = new Graph();
const [steps, batch] = [graph.steps('target'), graph.batch('target')];
const [otherSteps, otherBatch] = [graph.steps('source'), graph.batch('source')];

let names = 0;
const value = (rows: Extent, columns = 4): Value => graph.external(`value ${names++}`, rows, columns);

/** Matches values with the inputs of a signature; returns the rows of its outputs. */
function match(signature: string, values: readonly Value[], extents: Readonly<Record<string, Extent>> = {}) {
  const { inputs, outputs } = parseSignature(signature);
  const letters = lettersOf('attend', extents);
  for (const [index, spec] of inputs.entries()) matchOperand('attend', spec, values[index] as Value, letters);
  return outputs.map((spec) => extentOf(spec.rows, letters));
}

const mismatch = (message: string) => expect.objectContaining({ code: 'shape_mismatch', message });

describe('a signature with two time axes', () => {
  const attention = 'q:N,F k:M,F > y:N,F context:B,F other:E,F';

  it('binds N and B together, and M and E', () => {
    expect(match(attention, [value(steps), value(otherSteps)])).toEqual([steps, batch, otherBatch]);
    expect(match('x:E,F > y:M,F', [value(otherBatch)])).toEqual([otherSteps]);
    expect(match('x:B,F > y:N,F', [value(batch)])).toEqual([steps]);
  });

  it('may have the same axis for both', () => {
    expect(match(attention, [value(steps), value(steps)])).toEqual([steps, batch, batch]);
  });

  it.each<[string, string, readonly Extent[], string]>([
    ['N and B', 'x:N,F h:B,F > y:N,F', [steps, otherBatch], 'h has batch(source) rows, expected B (batch(target))'],
    ['B and N', 'h:B,F x:N,F > y:N,F', [batch, otherSteps], 'x has steps(source) rows, expected N (steps(target))'],
    ['M and E', 'k:M,F h:E,F > y:M,F', [otherSteps, batch], 'h has batch(target) rows, expected E (batch(source))'],
    ['E and M', 'h:E,F k:M,F > y:M,F', [otherBatch, steps], 'k has steps(target) rows, expected M (steps(source))'],
  ])('refuses %s of two axes', (_, signature, rows, message) => {
    const run = () =>
      match(
        signature,
        rows.map((extent) => value(extent)),
      );
    expect(run).toThrow(ShapeError);
    expect(run).toThrow(mismatch(`attend: ${message}`));
  });

  it.each<[string, Extent, string]>([
    ['N', batch, 'batch(target)'],
    ['B', steps, 'steps(target)'],
    ['M', otherBatch, 'batch(source)'],
    ['E', otherSteps, 'steps(source)'],
    ['E', 4, '4'],
    ['M', 4, '4'],
  ])('refuses rows %s that are not of their kind', (letter, rows, text) => {
    const run = () => match(`x:${letter},F > y:${letter},F`, [value(rows)]);
    expect(run).toThrow(mismatch(`attend: x has ${text} rows, expected ${letter}`));
  });

  it('takes the axes that a caller gives as extents, and refuses what is none', () => {
    expect(match('x:E,F > y:B,F', [value(otherBatch)], { B: batch })).toEqual([batch]);
    expect(match('x:E,F > y:N,F', [value(otherBatch)], { B: batch })).toEqual([steps]);
    const given = (extents: Readonly<Record<string, Extent>>) => () => lettersOf('attend', extents);
    expect(given({ B: 3 })).toThrow(mismatch('attend: the extent B is 3, expected the sequences of a time axis'));
    expect(given({ M: otherBatch })).toThrow(
      mismatch('attend: the extent M is batch(source), expected the steps of a time axis'),
    );
    expect(given({ N: steps, B: otherBatch })).toThrow(
      mismatch('attend: the extent B is batch(source), expected batch(target)'),
    );
    expect(given({ N: steps, B: batch, E: otherBatch, F: 3 })()).toEqual(
      new Map<string, Extent>([
        ['N', steps],
        ['B', batch],
        ['M', otherSteps],
        ['E', otherBatch],
        ['F', 3],
      ]),
    );
  });
});

describe('the operations of two time axes', () => {
  it('need the axis that they carry to', () => {
    const x = value(otherBatch);
    expect(() => graph.apply('gatherSequences', { x })).toThrow(
      mismatch('gatherSequences: the size of y is not known'),
    );
    expect(graph.apply('gatherSequences', { x }, {}, { B: batch })['y']).toMatchObject({ rows: batch, columns: 4 });
  });

  it('take sequences, not steps', () => {
    expect(() => graph.apply('gatherSequences', { x: value(steps) }, {}, { B: batch })).toThrow(
      mismatch('gatherSequences: x has steps(target) rows, expected E'),
    );
  });
});
