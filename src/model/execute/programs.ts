/** The compiled programs of a model, one for each kind of execution, made when a batch first needs them. */

import type { PackedAxes } from '../../batch/axes.js';
import type { AxisCapacity } from '../../program/emit.js';
import { CompiledProgram, type ModelBlocks } from '../../program/program.js';
import type { BuiltGraph, ProgramGraph } from '../build/build-graph.js';

/** A program and the graph that it was compiled from. */
export interface ModelProgram<Built extends ProgramGraph = BuiltGraph> {
  readonly built: Built;
  readonly program: CompiledProgram;
  /** Version of the parameters that its packed weights were made from, or -1. */
  preparedVersion: number;
}

/** Makes the graph of a mode for batches of up to these sizes, a new one at every call. */
export type BuildProgram<Mode extends string, Built extends ProgramGraph> = (
  mode: Mode,
  capacities: ReadonlyMap<string, AxisCapacity>,
) => Built;

function widened({ steps, batch, rows }: AxisCapacity, room: number): AxisCapacity {
  return { steps, batch: Math.max(batch, room), rows: Math.max(rows, room) };
}

/** Compiles on demand. A batch that does not fit the program of its mode gets a larger one. */
export class Programs<Mode extends string, Built extends ProgramGraph = BuiltGraph> {
  readonly #build: BuildProgram<Mode, Built>;
  readonly #blocks: ModelBlocks;
  readonly #threads: number;
  readonly #programs = new Map<string, ModelProgram<Built>>();

  constructor(build: BuildProgram<Mode, Built>, blocks: ModelBlocks, threads: number) {
    this.#build = build;
    this.#blocks = blocks;
    this.#threads = threads;
  }

  /** Bytes of the arenas of all programs. */
  get arenaBytes(): number {
    return [...this.#programs.values()].reduce((sum, { program }) => sum + program.arenaBytes, 0);
  }

  /** Bytes of scratch memory of all programs. */
  get scratchBytes(): number {
    return [...this.#programs.values()].reduce((sum, { program }) => sum + program.scratchBytes, 0);
  }

  /** The program of a use as it is; undefined where there is none. */
  current(use: string): ModelProgram<Built> | undefined {
    return this.#programs.get(use);
  }

  /**
   * The program for batches of up to these sizes; `use` keeps programs of the same mode apart (a stream's program of one
   * step is not replaced by that of a long batch).
   *
   * @param room sequences of one step that a new program has room for at least, so that slightly larger batches fit, too
   */
  get(mode: Mode, axes: PackedAxes, use: string = mode, room = 1): ModelProgram<Built> {
    const known = this.#programs.get(use);
    const capacities = new Map<string, AxisCapacity>();
    let fits = known !== undefined;
    for (const [name, { batchSizes, rows }] of axes) {
      const before = known?.program.axes.get(name) ?? { steps: 0, batch: 0, rows: 0 };
      const capacity = {
        steps: Math.max(batchSizes.length, before.steps),
        batch: Math.max(batchSizes[0] as number, before.batch),
        rows: Math.max(rows, before.rows),
      };
      fits &&= capacity.steps === before.steps && capacity.batch === before.batch && capacity.rows === before.rows;
      capacities.set(name, capacity);
    }
    if (!fits) for (const [name, capacity] of capacities) capacities.set(name, widened(capacity, room));
    if (known !== undefined) {
      if (fits) return known;
      known.program.dispose();
      this.#programs.delete(use);
    }
    const built = this.#build(mode, capacities);
    const program = new CompiledProgram(built.graph, {
      outputs: built.outputs,
      axes: capacities,
      blocks: this.#blocks,
      threads: this.#threads,
      prepare: built.prepare,
    });
    const made = { built, program, preparedVersion: -1 };
    this.#programs.set(use, made);
    return made;
  }

  /** Frees all programs. @throws {UsageError} `model_busy` */
  dispose(): void {
    for (const { program } of this.#programs.values()) program.dispose();
    this.#programs.clear();
  }
}
