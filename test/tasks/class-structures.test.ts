import { describe, expect, it } from 'vitest';
import { classNetwork, POOLINGS } from '../../src/tasks/recipes/classify/class-network.js';
import { classStructures } from '../../src/tasks/recipes/classify/class-structures.js';

const options = { cell: 'gru', layers: 1, units: 2, dropout: 0.5, front: undefined, recurrent: {} } as const;
const poolingsOf = (pooling: string) =>
  classStructures({ ...options, pooling }).flatMap((structure) => structure.options.pooling ?? []);

describe('the structures of classifiers that are compared', () => {
  it.each(POOLINGS)('have other poolings than %s, each of them once', (pooling) => {
    const others = poolingsOf(pooling);
    expect(others).not.toContain(pooling);
    expect(others.length).toBeGreaterThan(0);
    expect(new Set(others).size).toBe(others.length);
    for (const other of others) expect(POOLINGS).toContain(other);
  });

  it('have attention among them', () => {
    expect(poolingsOf('max')).toEqual(['mean', 'attention']);
    expect(poolingsOf('mean')).toEqual(['max', 'attention']);
    expect(poolingsOf('attention')).toEqual(['mean']);
  });
});

describe('the network of a classifier that pools over attention', () => {
  it.each([0, 3])('has scores as wide as the states of both directions, with %i hidden units', (hidden) => {
    const body = { cell: 'gru', units: 2, layers: 1, dropout: 0, direction: 'bidirectional', recurrent: {} } as const;
    const modelOf = (pooling: (typeof POOLINGS)[number]) => {
      const network = classNetwork({ ...body, pooling, hidden }, [], { features: 3, classes: 2 });
      return network.compileSync({ loss: 'softmaxCrossEntropy', threads: 1 });
    };
    const sizes = (['attention', 'max'] as const).map((pooling) => {
      const shapes = [...modelOf(pooling).parameters.values()].map(({ shape }) => shape);
      return shapes.reduce((sum, shape) => sum + shape.reduce((product, size) => product * size), 0);
    }) as [number, number];
    // A matrix [4, 4], a bias and a vector of 4 numbers.
    expect(sizes[0] - sizes[1]).toBe(16 + 4 + 4);
  });
});
