/** The programs of steps whose states are carried on, and the checks of what these are given. */
import { executionSizes, type PackedAxes } from '../../batch/axes.js';
import { checkArray } from '../../batch/check-arrays.js';
import { packedAxes } from '../../batch/check-axes.js';
import type { Rows } from '../../batch/rows.js';
import { areFinite } from '../../core/finite.js';
import type { Graph } from '../../graph/graph.js';
import type { InputDescription, NetworkDescription } from '../../network/description.js';
import type { Mode, OutputPer } from '../build/build-graph.js';
import { networkAxes } from '../build/network-axes.js';
import { checkBatch } from './check-batch.js';
import type { Programs } from './programs.js';
import { StepProgram, type StepSizes } from './step-program.js';

/** What steps are made of. */
export interface StepParts {
  /** Of a network of one input. */
  readonly description: NetworkDescription;
  readonly graph: Pick<Graph, 'derivedAxes'>;
  readonly programs: Programs<Mode>;
  /** Name of the only output. */
  readonly output: string;
  readonly outputPer: OutputPer;
}

/** Steps up to which the room of a program is doubled. A longer block takes longer than the making of its program. */
const MOST_ROOM = 4096;

/** Whether all ids are at least 0 and below a limit. */
function areWithin(ids: Rows, limit: number): boolean {
  for (let at = 0; at < ids.length; at++) if (!((ids[at] as number) >= 0 && (ids[at] as number) < limit)) return false;
  return true;
}

/** Programs of steps, each with its sizes. Programs and sizes are kept, so that nothing is allocated while the sizes stay the same. */
export class StepPrograms {
  readonly #parts: StepParts;
  readonly #inputName: string;
  readonly #input: InputDescription;
  readonly #axisNames: readonly string[];
  readonly #title: string;
  /** Numbers in a row of the input. */
  readonly #width: number;
  readonly #hasRowsPerStep: boolean;
  readonly #bound = new Map<string, StepProgram>();
  /** Sizes of one step, by the number of sequences. */
  readonly #sizesOfStep: (StepSizes | undefined)[] = [];
  /** The last sizes of several steps. */
  #sizesOfBlock: StepSizes | undefined;

  constructor(parts: StepParts) {
    const { description, graph, outputPer } = parts;
    const [[name, input]] = Object.entries(description.inputs) as [[string, InputDescription]];
    this.#parts = parts;
    this.#inputName = name;
    this.#input = input;
    this.#axisNames = networkAxes(description, graph);
    this.#title = `input '${name}'`;
    this.#width = input.kind === 'indices' ? 1 : input.units;
    this.#hasRowsPerStep = input.per !== 'sequence' && outputPer === 'step';
  }

  /** Numbers in a row of the input. */
  get width(): number {
    return this.#width;
  }

  /** Whether each step has a row of the input and one of the output: else a block of steps has one row in all. */
  get hasRowsPerStep(): boolean {
    return this.#hasRowsPerStep;
  }

  /** The sizes of so many steps of so many sequences. @throws {ShapeError} `shape_mismatch` for none */
  sizes(steps: number, batch: number): StepSizes {
    const known = steps === 1 ? this.#sizesOfStep[batch] : this.#sizesOfBlock;
    if (known?.steps === steps && known.batch === batch) return known;
    const sizes = { steps, batch, ...executionSizes(this.#axes(steps, batch)) };
    if (steps === 1) this.#sizesOfStep[batch] = sizes;
    else this.#sizesOfBlock = sizes;
    return sizes;
  }

  /** Checks the rows of the input. Errors as `Model.trainStep`. */
  check(rows: Rows, { steps, batch }: StepSizes): void {
    const count = this.#input.per === 'sequence' ? batch : steps * batch;
    const { kind } = this.#input;
    checkArray(this.#title, rows, kind === 'indices', count * this.#width);
    if (kind === 'indices' ? areWithin(rows, this.#input.size) : areFinite(rows as Float32Array)) return;
    checkBatch({ inputs: { [this.#inputName]: rows } }, this.#axes(steps, batch), this.#parts.description);
  }

  /**
   * The program of a use for such sizes, with room for later ones: blocks that grow step by step need no new program each time.
   *
   * @throws {UsageError} `too_large`; `model_busy` where an execution of a smaller one is under way
   */
  program(use: string, { steps, batch }: StepSizes): StepProgram {
    const { programs, output } = this.#parts;
    const bound = this.#bound.get(use);
    if (bound?.fits(steps, batch) === true && programs.current(use) === bound.compiled) return bound;
    const roomy = bound === undefined || steps <= bound.mostSteps ? 0 : Math.min(2 * bound.mostSteps, MOST_ROOM);
    const axes = this.#axes(Math.max(steps, roomy), batch);
    const compiled = programs.get('predict', axes, use, 2 ** Math.ceil(Math.log2(batch)));
    const made = new StepProgram(compiled, this.#input, this.#inputName, output);
    this.#bound.set(use, made);
    return made;
  }

  #axes(steps: number, batch: number): PackedAxes {
    return packedAxes({ batchSizes: new Int32Array(steps).fill(batch), inputs: {} }, this.#axisNames);
  }
}
