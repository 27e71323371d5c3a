/** The compiled programs of a model, one for each kind of run, made when a batch first needs them. */
import { CompiledProgram, type ModelBlocks } from '../graph/program.js';
import { TIME } from './build-forward.js';
import type { BuiltGraph } from './build-graph.js';

/** A program and the graph that it was compiled from. */
export interface ModelProgram<Built extends BuiltGraph = BuiltGraph> {
  readonly built: Built;
  readonly program: CompiledProgram;
  /** Version of the parameters that its packed weights were made from, or -1. */
  preparedVersion: number;
}

/** Compiles on demand. A batch that does not fit the program of its mode gets a larger one. */
export class Programs<Mode extends string, Built extends BuiltGraph = BuiltGraph> {
  readonly #build: (mode: Mode) => Built;
  readonly #blocks: ModelBlocks;
  readonly #threads: number;
  readonly #programs = new Map<string, ModelProgram<Built>>();

  /** @param build gives the graph of a mode, a new one at every call */
  constructor(build: (mode: Mode) => Built, blocks: ModelBlocks, threads: number) {
    this.#build = build;
    this.#blocks = blocks;
    this.#threads = threads;
  }

  /** Bytes of the arenas of all programs. */
  get arenaBytes(): number {
    return [...this.#programs.values()].reduce((sum, { program }) => sum + program.arenaBytes, 0);
  }

  /** Bytes of native scratch memory of all programs. */
  get scratchBytes(): number {
    return [...this.#programs.values()].reduce((sum, { program }) => sum + program.scratchBytes, 0);
  }

  /**
   * The program for batches of up to these sizes; `use` keeps programs of the same mode apart (a stream's program of one
   * step is not replaced by that of a long batch).
   */
  get(mode: Mode, batchSizes: Int32Array, rows: number, use: string = mode): ModelProgram<Built> {
    const known = this.#programs.get(use);
    const before = known?.program.axes.get(TIME);
    const batch = batchSizes[0] as number;
    const steps = batchSizes.length;
    if (known !== undefined && before !== undefined) {
      if (steps <= before.steps && batch <= before.batch && rows <= before.rows) return known;
      known.program.dispose();
      this.#programs.delete(use);
    }
    const capacity = {
      steps: Math.max(steps, before?.steps ?? 0),
      batch: Math.max(batch, before?.batch ?? 0),
      rows: Math.max(rows, before?.rows ?? 0),
    };
    const built = this.#build(mode);
    const program = new CompiledProgram(built.graph, {
      outputs: built.outputs,
      axes: new Map([[TIME, capacity]]),
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
