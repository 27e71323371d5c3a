import { describe, expect, it } from 'vitest';
import { differentiate } from '../../src/graph/gradients.js';
import { Graph } from '../../src/graph/graph.js';
import { operations } from '../../src/graph/registry.js';
import type { Value } from '../../src/graph/value.js';

const AXIS = 'time';

/** A vanilla cell with a mask and zoneout. */
function cellGraph() {
  const graph = new Graph();
  const steps = (name: string) => graph.external(name, graph.steps(AXIS), 4);
  const [a, R, h0] = [steps('a'), graph.external('R', 4, 4), graph.external('h0', graph.batch(AXIS), 4)];
  const [mask, zone] = [graph.external('mask', graph.batch(AXIS), 4), steps('zone')];
  const p = graph.apply('pack', { w: R }, {}, { O: 4 })['p'] as Value;
  const outputs = graph.apply('rnn', { a, p, h0, mask, zone });
  const gradientOf = (name: keyof typeof outputs, sources: readonly Value[]) => {
    const value = outputs[name];
    return differentiate(graph, [{ value, gradient: graph.external(`d${name}`, value.rows, value.columns) }], sources);
  };
  return { graph, a, R, h0, mask, zone, outputs, gradientOf };
}

const refusal = (operation: string, operand: string) =>
  expect.objectContaining({ code: 'not_differentiable', details: { operation, operand } });

describe('a constant input', () => {
  it('is refused as a source', () => {
    for (const name of ['mask', 'zone'] as const) {
      const cell = cellGraph();
      expect(() => cell.gradientOf('y', [cell.a, cell[name]])).toThrow(refusal('rnn', name));
    }
  });

  it('is refused when it depends on a source', () => {
    const { graph, a, R, h0 } = cellGraph();
    const p = graph.apply('pack', { w: R }, {}, { O: 4 })['p'] as Value;
    const zone = graph.apply('sigmoid', { x: a })['y'] as Value;
    const y = graph.apply('rnn', { a, p, h0, zone })['y'] as Value;
    const gradient = graph.external('dy', y.rows, y.columns);
    expect(() => differentiate(graph, [{ value: y, gradient }], [a])).toThrow(refusal('rnn', 'zone'));
  });

  it('is no obstacle while no gradient reaches the operation, or none of it is wanted', () => {
    const cell = cellGraph();
    const other = cell.graph.apply('tanh', { x: cell.mask })['y'] as Value;
    const gradient = cell.graph.external('other', other.rows, other.columns);
    expect(differentiate(cell.graph, [{ value: other, gradient }], [cell.mask]).has(cell.mask.id)).toBe(true);
    const found = cell.gradientOf('y', [cell.a, cell.R, cell.h0]);
    for (const source of [cell.a, cell.R, cell.h0]) expect(found.has(source.id)).toBe(true);
    expect(found.has(cell.mask.id)).toBe(false);
  });

  it.each([
    ['sigmoidCrossEntropy', 'logits', 'targets'],
    ['meanSquaredError', 'prediction', 'target'],
  ])('of %s is its target', (name, output, target) => {
    const graph = new Graph();
    const operands = { [output]: graph.external('x', 3, 2), [target]: graph.external('t', 3, 2) };
    const loss = graph.apply(name, operands)['loss'] as Value;
    const gradient = graph.external('one', 1, 1);
    const sources = Object.values(operands);
    expect(() => differentiate(graph, [{ value: loss, gradient }], sources)).toThrow(refusal(name, target));
    expect(differentiate(graph, [{ value: loss, gradient }], sources.slice(0, 1)).size).toBeGreaterThan(0);
  });
});

describe('an output that is kept for the backward pass', () => {
  it('is refused when a gradient reaches it, by itself or through another operation', () => {
    for (const name of ['candidate', 'sum'] as const) {
      const cell = cellGraph();
      expect(() => cell.gradientOf(name, [cell.a])).toThrow(refusal('rnn', name));
    }
    const { graph, a, outputs } = cellGraph();
    const y = graph.apply('scale', { x: outputs['candidate'] }, { factor: 2 })['y'] as Value;
    const gradient = graph.external('dy', y.rows, y.columns);
    expect(() => differentiate(graph, [{ value: y, gradient }], [a])).toThrow(refusal('rnn', 'candidate'));
  });

  it('passes where no source stands before it', () => {
    const cell = cellGraph();
    const other = cell.graph.external('other', 1, 1);
    expect(cell.gradientOf('candidate', [other]).has(other.id)).toBe(false);
  });
});

describe('the registry', () => {
  it('declares constants and kept outputs of operations that have a gradient, by their names', () => {
    const wrong = [...operations.values()].flatMap(({ name, signature, constants, kept, gradient }) => {
      const inputs = signature.inputs.filter(({ type }) => type === 'real').map((spec) => spec.name);
      const outputs = signature.outputs.map((spec) => spec.name);
      const unknown = [
        ...constants.filter((constant) => !inputs.includes(constant)),
        ...kept.filter((output) => !outputs.includes(output)),
      ];
      if (gradient === undefined) unknown.push(...constants, ...kept);
      return unknown.map((operand) => `${name}.${operand}`);
    });
    expect(wrong).toEqual([]);
    expect(operations.get('lstm')).toMatchObject({ constants: ['mask', 'zone', 'zoneCell'] });
    expect(operations.get('lstm')?.kept).not.toContain('cT');
  });
});

describe('the rows of an output', () => {
  it('may be given as those of a time axis', () => {
    const graph = new Graph();
    const key = graph.external('key', 1, 4, { type: 'int32' });
    const maskOf = (R: number | ReturnType<Graph['steps']>) =>
      graph.apply('randomMask', { key }, { rate: 0.5, operationId: 1 }, { R, C: 3 })['y'] as Value;
    expect(maskOf(graph.steps(AXIS))).toMatchObject({ rows: { kind: 'steps', axis: AXIS }, columns: 3 });
    expect(maskOf(graph.batch(AXIS))).toMatchObject({ rows: { kind: 'batch', axis: AXIS }, columns: 3 });
    expect(maskOf(7)).toMatchObject({ rows: 7, columns: 3 });
    // Equal applications are one value, those of another size are not.
    expect(maskOf(graph.steps(AXIS))).toBe(maskOf(graph.steps(AXIS)));
    expect(maskOf(graph.steps(AXIS))).not.toBe(maskOf(graph.batch(AXIS)));
  });

  it('are the steps of the sequences that an operation reads', () => {
    const graph = new Graph();
    const x = graph.external('x', graph.batch(AXIS), 3);
    expect(graph.apply('repeatOverTime', { x })['y']).toMatchObject({ rows: graph.steps(AXIS), columns: 3 });
  });
});
