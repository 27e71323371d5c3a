/** The metrics of a run: one JSON object in each line, with its step. Lines are appended during training. */
import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import { CheckpointError } from '../core/errors.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.js';
import { requireNumber } from '../core/options.js';
import { syncFileSync } from './file-transfer.js';

/** One line of metrics. Numbers that are not finite are written as null, because JSON does not have them. */
export type MetricsRecord = JsonObject & { readonly step: number };

const LINE_FEED = 0x0a;

/** Step of a line; undefined when the line is not a record. */
function stepOf(line: string): number | undefined {
  try {
    const value = JSON.parse(line) as JsonValue;
    const step = isJsonObject(value) ? value.step : undefined;
    return typeof step === 'number' ? step : undefined;
  } catch {
    return undefined;
  }
}

/** End, in bytes, of the last whole line whose step is at most `step`; 0 when there is none. */
function endOfStep(bytes: Buffer, step: number): number {
  let end = bytes.lastIndexOf(LINE_FEED) + 1; // the text after the last line feed is incomplete
  while (end > 0) {
    const begin = end < 2 ? 0 : bytes.lastIndexOf(LINE_FEED, end - 2) + 1;
    const found = stepOf(bytes.toString('utf8', begin, end));
    if (found !== undefined && found <= step) return end;
    end = begin;
  }
  return 0;
}

/** An append-only file of metrics. It keeps no file open, so there is nothing to close. */
export class MetricsFile {
  readonly path: string;

  /** @param path the file need not exist yet */
  constructor(path: string) {
    this.path = path;
  }

  /**
   * Appends one line. The lines of a step must be appended before the checkpoint of that step is saved: a resumed run
   * keeps the lines up to its checkpoint's step and writes the later ones again.
   *
   * @throws {OptionError} `invalid_option` when the step is not an integer >= 0
   * @throws {CheckpointError} `checkpoint_write_failed`
   */
  append(record: MetricsRecord): void {
    requireNumber('step', record.step, { integer: true, min: 0 });
    this.#attempt(() => appendFileSync(this.path, `${JSON.stringify(record)}\n`));
  }

  /** Flushes the appended lines to the disk. @throws {CheckpointError} `checkpoint_write_failed` */
  sync(): void {
    if (!existsSync(this.path)) return;
    this.#attempt(() => syncFileSync(this.path));
  }

  /**
   * Removes everything after the last line of the given step or an earlier one, including an incomplete last line.
   *
   * @throws {CheckpointError} `checkpoint_write_failed`
   */
  keepThrough(step: number): void {
    if (!existsSync(this.path)) return;
    this.#attempt(() => {
      const bytes = readFileSync(this.path);
      const end = endOfStep(bytes, step);
      if (end < bytes.byteLength) truncateSync(this.path, end);
    });
  }

  #attempt(action: () => void): void {
    try {
      action();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new CheckpointError(
        'checkpoint_write_failed',
        `cannot write '${this.path}': ${reason}`,
        { path: this.path },
        cause,
      );
    }
  }
}
