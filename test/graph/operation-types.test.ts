import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.js';
import { type GradientContext, gradientRule } from '../../src/graph/operation.js';
import type { Value } from '../../src/graph/value.js';

// What stands behind `@ts-expect-error` must be an error of the compiler (`npm run typecheck`): nothing of it runs.

function applied(graph: Graph, x: Value, p: Value, name: string): void {
  const { y } = graph.apply('linear', { x, p });
  graph.apply('linear', { x: y, p, b: undefined });
  graph.apply('scale', { x }, { factor: 2 });
  graph.apply('slice', { x }, { begin: 1 }, { D: 4 });
  // @ts-expect-error no such operand
  graph.apply('linear', { x, p, misspelt: x });
  // @ts-expect-error p is missing
  graph.apply('linear', { x });
  // @ts-expect-error p may not be absent
  graph.apply('linear', { x, p: undefined });
  // @ts-expect-error no such attribute
  graph.apply('scale', { x }, { misspelt: 2 });
  // @ts-expect-error no such letter
  graph.apply('slice', { x }, { begin: 1 }, { Z: 4 });
  // @ts-expect-error no such operation
  graph.apply('misspelt', { x });
  // @ts-expect-error no such output
  graph.apply('linear', { x, p }).misspelt;
  // @ts-expect-error without x there is no dW
  const dW: Value = graph.apply('stateWeightGradient', { da: x, y: x }).dW;
  // An operation whose name is known only when the graph is built takes what it likes.
  const outputs: Record<string, Value> = graph.apply(name, { anything: dW });
  graph.apply(name, outputs);
}

function read(context: GradientContext<'rnn'>): void {
  context.value('p');
  context.value('y');
  context.optional('gain');
  context.attribute('reverse');
  context.wants('bR');
  // @ts-expect-error no such operand
  context.value('misspelt');
  // @ts-expect-error it may be absent
  context.value('gain');
  // @ts-expect-error no such operand
  context.optional('misspelt');
  // @ts-expect-error no such output
  context.gradient('misspelt');
  // @ts-expect-error no gradient may reach what is kept
  context.gradient('candidate');
  // @ts-expect-error there are several outputs: none may reach this one
  const dy: Value = context.gradient('y');
  // @ts-expect-error no such input
  context.wants(dy.name);
  // @ts-expect-error a mask has no gradient
  context.wants('mask');
  // @ts-expect-error no such attribute
  context.attribute('misspelt');
}

const rules = [
  gradientRule('softmax', (context) => ({ x: context.gradient('y') })),
  // @ts-expect-error the operation has no such input
  gradientRule('softmax', (context) => ({ x: context.gradient('y'), misspelt: context.gradient('y') })),
  // @ts-expect-error a target has no gradient
  gradientRule('meanSquaredError', (context) => ({ target: context.gradient('loss') })),
  // @ts-expect-error no such operation
  gradientRule('misspelt', () => ({})),
];

describe('the types of operations', () => {
  it('are checked by the compiler', () => {
    expect([applied, read].map((each) => typeof each)).toEqual(['function', 'function']);
    expect(rules).toHaveLength(4);
  });

  it('are not relied on where names are known only at run time', () => {
    const graph = new Graph();
    const x = graph.external('x', 2, 3);
    const name: string = 'relu';
    expect(graph.apply(name, { x })['y']).toMatchObject({ rows: 2, columns: 3 });
    expect(() => graph.apply(`${name}Misspelt`, { x })).toThrow(
      expect.objectContaining({ code: 'shape_mismatch', message: 'there is no operation reluMisspelt' }),
    );
  });
});
