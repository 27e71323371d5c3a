/** A stream of a task whose model gives an output for every step. */
import type { JsonObject, JsonValue } from '../../core/json.js';
import { isInt32Array } from '../../core/typed-array.js';
import { atRow, type RowPlace } from '../../files/row-error.js';
import type { Model } from '../../model/model.js';
import type { TaskStream } from '../definition/task.js';

/** How pieces become steps, and how outputs become results. */
export interface StepStreamOptions<R extends JsonObject = JsonObject> {
  /**
   * The steps of a piece: ids, or rows of numbers one after the other.
   *
   * @param place the stream and the number of the piece, for errors
   */
  read(piece: JsonValue, place: RowPlace): Int32Array | Float32Array;
  /** The result of a step. */
  write(output: Float32Array): R;
}

/**
 * Reads pieces of one or more steps, and returns the result of each step. The results are the same, bit for bit, as
 * those of the whole sequence. After an invalid piece the stream has not changed.
 *
 * @throws {UsageError} `not_streamable` for a network that reads later steps; `state_mismatch` for a network of several
 * inputs
 */
export function stepStream<R extends JsonObject>(model: Model, { read, write }: StepStreamOptions<R>): TaskStream<R> {
  const stream = model.stream();
  const [input] = Object.values(model.description.inputs);
  const features = input?.kind === 'features' ? input.units : 1;
  let pieces = 0;
  return {
    pieces: 'lines',
    async push(piece) {
      pieces += 1;
      const place = { file: 'stream', line: pieces };
      const steps = atRow(place, () => read(piece as JsonValue, place));
      const stepAt = (at: number) =>
        isInt32Array(steps) ? (steps[at] as number) : steps.slice(at * features, (at + 1) * features);
      return Array.from({ length: steps.length / features }, (_, at) => write(stream.step(stepAt(at))));
    },
    end: async () => [],
    close: () => stream.close(),
  };
}
