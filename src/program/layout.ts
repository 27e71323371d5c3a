/** The layout of a program: its instructions in order, and where each of its values is in memory. */
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/value.js';
import { planMemory } from './planner.js';
import { type Instructions, scheduleNodes } from './schedule.js';
import { findViews, type View } from './views.js';

/**
 * Where a value is: block number and byte offset of its matrix. The value is the whole matrix or some of its columns.
 */
export interface Location {
  readonly block: number;
  readonly offset: number;
  /** Columns of that matrix. */
  readonly stride: number;
  /** The value's first column in it. */
  readonly first: number;
}

/** The input of the layout. */
export interface LayoutRequest {
  /** Values that are read after an execution. */
  readonly outputs: readonly Value[];
  /** Whether parameters are packed in instructions that an execution may skip. */
  readonly prepare: boolean;
  /** Bytes of a value at full capacity. */
  readonly bytesOf: (value: Value) => number;
}

/** The instructions, and where the values are. */
export interface ProgramLayout {
  readonly instructions: Instructions;
  /** Values that are columns of others, by id. */
  readonly views: ReadonlyMap<number, View>;
  /** Inputs that the program reads, or that are outputs too. */
  readonly inputs: readonly Value[];
  readonly arenaBytes: number;
  readonly locationOf: (value: Value) => Location;
}

/** Number of the block that the arena is; the others are the model's. */
const ARENA = 3;
const BLOCKS = { parameter: 0, gradient: 1, optimizer: 2, input: ARENA, buffer: 4 } as const;

/** Where a value of the model is, or a value that is assigned to it; undefined for a value of the arena. */
function placeInModel(graph: Graph, value: Value): Location | undefined {
  const target = graph.assignments.get(value) ?? value;
  if (target.source === undefined || target.source === 'input') return undefined;
  return { block: BLOCKS[target.source], offset: target.offset as number, stride: value.columns, first: 0 };
}

/** Orders the instructions of a graph, removes those that views make unnecessary, and plans the arena. */
export function layOut(graph: Graph, { outputs, prepare, bytesOf }: LayoutRequest): ProgramLayout {
  const scheduled = scheduleNodes(graph, outputs, prepare);
  const outside = new Set(outputs.map((value) => value.id));
  const isFree = (value: Value) => !outside.has(value.id) && !graph.assignments.has(value);
  const { instructions, views } = findViews(scheduled, isFree);
  const { nodes } = instructions;
  const read = nodes.flatMap((node) => [...node.inputs.values()].map((value) => views.get(value.id)?.base ?? value));
  const used = new Set([...read, ...outputs].map((value) => value.id));
  const inputs = [...graph.externals.values()].filter((value) => value.source === 'input' && used.has(value.id));
  const plan = planMemory({
    nodes,
    bytesOf,
    isPlaced: (value) => placeInModel(graph, value) !== undefined,
    inputs,
    outputs,
    views,
    kept: nodes.slice(0, instructions.prepare).flatMap((node) => [...node.outputs.values()]),
  });
  const locationOf = (value: Value): Location => {
    const view = views.get(value.id);
    if (view !== undefined) return { ...locationOf(view.base), first: view.first };
    const offset = plan.offsets.get(value.id) as number;
    return placeInModel(graph, value) ?? { block: ARENA, offset, stride: value.columns, first: 0 };
  };
  return { instructions, views, inputs, arenaBytes: plan.bytes, locationOf };
}
