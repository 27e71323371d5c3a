import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Graph, type GraphOptions } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/value.js';
import { layOut, type ProgramLayout } from '../../src/program/layout.js';
import { AXIS, buildRandomGraph, type RandomGraph, recipes, rowsIn } from './random-graphs.js';
import { bytesPerElement, SimulatedMemory } from './simulated-memory.js';

function layoutOf({ graph, outputs, batchSizes }: RandomGraph, prepare: boolean): ProgramLayout {
  const bytesOf = (value: Value) => bytesPerElement(value) * rowsIn(batchSizes, value.rows) * value.columns;
  return layOut(graph, { outputs, prepare, bytesOf });
}

/** The errors of a layout that is executed twice, the second time without packing the parameters again. */
function faultsOf(random: RandomGraph, layout: ProgramLayout): readonly string[] {
  const memory = new SimulatedMemory(layout, random.batchSizes);
  for (const value of random.graph.externals.values()) if (value.source !== 'input') memory.write(value);
  memory.execute(0, random.outputs);
  memory.execute(layout.instructions.prepare, random.outputs);
  return memory.faults;
}

/** Graphs that store what is kept for the backward pass as everything else, and those that store it in half the bytes. */
const graphOptions: fc.Arbitrary<GraphOptions> = fc.constantFrom({}, { activations: 'float32' });

describe('the layout of a program', () => {
  it('lets every instruction read what was written for it, in executions that pack and in those that do not', () => {
    fc.assert(
      fc.property(recipes(24), graphOptions, (recipe, options) => {
        const random = buildRandomGraph(recipe, options);
        expect(faultsOf(random, layoutOf(random, recipe.prepare))).toEqual([]);
      }),
      { numRuns: 400, seed: 1 },
    );
  });

  it('makes use of views and of memory that is free again, or these properties say nothing', () => {
    const seen = { views: 0, shared: 0, inPlace: 0, prepared: 0, narrow: 0 };
    for (const [recipe, options] of fc.sample(fc.tuple(recipes(24), graphOptions), { numRuns: 200, seed: 2 })) {
      const random = buildRandomGraph(recipe, options);
      const layout = layoutOf(random, recipe.prepare);
      seen.views += layout.views.size;
      seen.prepared += layout.instructions.prepare;
      const places = new Set<string>();
      for (const node of layout.instructions.nodes) {
        for (const [name, value] of node.outputs) {
          if (value.storage !== undefined) seen.narrow += 1;
          const { block, offset } = layout.locationOf(value);
          const place = `${block}:${offset}`;
          if (places.has(place)) seen.shared += 1;
          places.add(place);
          const over = node.inputs.get(node.operation.inPlace[name] ?? '');
          if (over !== undefined && layout.locationOf(over).offset === offset) seen.inPlace += 1;
        }
      }
    }
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(50);
  });

  it('needs no more memory than all values together', () => {
    fc.assert(
      fc.property(recipes(24), graphOptions, (recipe, options) => {
        const random = buildRandomGraph(recipe, options);
        const layout = layoutOf(random, recipe.prepare);
        const values = new Set([
          ...layout.inputs,
          ...layout.instructions.nodes.flatMap(({ outputs }) => [...outputs.values()]),
          ...[...layout.views.values()].map(({ base }) => base),
        ]);
        const bytes = [...values].map((value) => {
          const elements = rowsIn(random.batchSizes, value.rows) * value.columns;
          return 64 * Math.ceil((bytesPerElement(value) * elements) / 64);
        });
        expect(layout.arenaBytes).toBeLessThanOrEqual(bytes.reduce((a, b) => a + b, 0));
      }),
      { numRuns: 200, seed: 3 },
    );
  });

  it.each([
    ['stored as everything else', {}, 1],
    ['stored in a type of its own', { activations: 'float32' }, 0],
  ] as const)('has a view of what is kept where it is %s', (_, options, expected) => {
    const graph = new Graph(options);
    const w = graph.external('w', 8, 2, { source: 'parameter', offset: 0 });
    const { p } = graph.apply('packGates4', { w }, {}, { O: 8 });
    const { gates } = graph.apply('lstm', { a: graph.external('a', graph.steps(AXIS), 8), p });
    const { y } = graph.apply('slice', { x: gates as Value }, { begin: 2 }, { D: 2 });
    const { p: pT } = graph.apply('packTransposed', { w: graph.external('R', 2, 2) }, {}, { K: 2 });
    const { da } = graph.apply('rnnBackward', { y, pT });
    expect(layoutOf({ graph, outputs: [da], batchSizes: [2, 1] }, false).views.size).toBe(expected);
  });

  it.each([
    ['values stand half as far apart', squeeze],
    ['views begin a column too late', shift],
  ] as const)('is found wrong by the simulation when %s', (_, spoil) => {
    const wrong = fc.sample(recipes(24), { numRuns: 80, seed: 4 }).filter((recipe) => {
      const random = buildRandomGraph(recipe);
      const layout = layoutOf(random, recipe.prepare);
      return faultsOf(random, { ...layout, locationOf: spoil(layout) }).length > 0;
    });
    expect(wrong.length).toBeGreaterThan(5);
  });
});

/** Places every value of the arena at half its offset. */
function squeeze({ locationOf }: ProgramLayout): ProgramLayout['locationOf'] {
  return (value) => {
    const location = locationOf(value);
    return location.block === 3 ? { ...location, offset: 64 * Math.floor(location.offset / 128) } : location;
  };
}

/** Moves the values of a wider matrix by a column. */
function shift({ locationOf, views }: ProgramLayout): ProgramLayout['locationOf'] {
  return (value) => {
    const location = locationOf(value);
    return views.has(value.id) ? { ...location, first: location.first + 1 } : location;
  };
}
