/** The named problems of bench/problems.json, as the benchmarks see them, with types. */
import { readProjectFile } from '../architecture/project-files.js';

export type Cell = 'rnn' | 'gru' | 'lstm';

/** Recurrent layers alone. */
export interface LayerProblem {
  readonly name: string;
  readonly steps: number;
  readonly batch: number;
  readonly inputs: number;
  readonly units: number;
  readonly layers: number;
  readonly bidirectional: boolean;
  /** Whether the lengths are spread over [T/4, T], instead of all being T. */
  readonly ragged: boolean;
}

/** A whole model of symbols, with its optimizer. */
export interface ModelProblem {
  readonly name: string;
  readonly vocabulary: number;
  readonly embedding: number;
  readonly units: number;
  readonly layers: number;
  readonly batch: number;
  readonly steps: number;
  readonly optimizer: 'adam' | 'sgd';
  readonly learningRate: number;
  readonly clipNorm: number;
}

/** A parameter in PyTorch's layout. */
export interface ParameterSize {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
}

/** What the benchmarks' own module gives (bench/shared/problems.mjs). */
interface SharedProblems {
  readonly CELLS: readonly Cell[];
  readonly LAYER_PROBLEMS: ReadonlyMap<string, LayerProblem>;
  readonly MODEL_PROBLEMS: ReadonlyMap<string, ModelProblem>;
  lengthsOf(problem: LayerProblem): number[];
  batchSizesOf(lengths: readonly number[]): Int32Array;
  directionsOf(problem: LayerProblem): { suffix: string; width: number }[][];
  parametersOf(problem: LayerProblem & { cell: Cell }): ParameterSize[];
  operationsOf(problem: LayerProblem & { cell: Cell }, mode: 'inference' | 'training'): number;
}

const file = new URL('../../bench/shared/problems.mjs', import.meta.url).href;

/** Everything that the benchmarks derive from a problem. */
export const benchmarks = (await import(file)) as SharedProblems;

/** The file as it is written. */
export const written = JSON.parse(readProjectFile('bench/problems.json')) as {
  layers: Record<string, Record<string, unknown>>;
  models: Record<string, Record<string, unknown>>;
  tasks: Record<string, Record<string, unknown>>;
};

/** The problem with its own widths and few short sequences, for tests. */
export function cutDown(problem: LayerProblem): LayerProblem {
  return { ...problem, steps: Math.min(problem.steps, 8), batch: Math.min(problem.batch, 4) };
}
