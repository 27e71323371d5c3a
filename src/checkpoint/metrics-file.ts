/** The metrics of a run: one JSON object in each line, with its step. Lines are appended during training. */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join, parse } from 'node:path';
import { CheckpointError } from '../core/errors.js';
import { isJsonObject, type JsonObject, parseShallowJson } from '../core/json.js';
import { requireNumber } from '../core/options.js';
import { flushSync, newFileFlags } from './flush.js';

/** One line of metrics. Numbers that are not finite are written as null, because JSON does not have them. */
export type MetricsRecord = JsonObject & { readonly step: number };

const LINE_FEED = 0x0a;

// A named pipe is not waited for, and a symbolic link is not followed: it could lead to any file. Windows has neither flag.
const FLAGS = constants.O_RDWR | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

/** A line as a record; undefined when it is none. */
function recordOf(line: string): MetricsRecord | undefined {
  try {
    const value = parseShallowJson(line);
    return isJsonObject(value) && typeof value.step === 'number' ? (value as MetricsRecord) : undefined;
  } catch {
    return undefined;
  }
}

/** End, in bytes, of the last whole line whose step is at most `step`; 0 when there is none. */
function endOfStep(bytes: Buffer, step: number): number {
  let end = bytes.lastIndexOf(LINE_FEED) + 1; // the text after the last line feed is incomplete
  while (end > 0) {
    const begin = end < 2 ? 0 : bytes.lastIndexOf(LINE_FEED, end - 2) + 1;
    const found = recordOf(bytes.toString('utf8', begin, end))?.step;
    if (found !== undefined && found <= step) return end;
    end = begin;
  }
  return 0;
}

/** An append-only file of metrics. It keeps no file open, so there is nothing to close. */
export class MetricsFile {
  readonly path: string;
  readonly #mayWrite: () => void;
  #keptStep: number | undefined;

  /**
   * @param path the file need not exist yet
   * @param mayWrite called before each change; it throws when the file belongs to another process
   */
  constructor(path: string, mayWrite: () => void = () => undefined) {
    this.path = path;
    this.#mayWrite = mayWrite;
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
    this.#mayWrite();
    this.#change(FLAGS | constants.O_CREAT, (file) => {
      this.#cut(file);
      const end = fstatSync(file).size;
      const line = Buffer.from(`${JSON.stringify(record)}\n`);
      try {
        for (let done = 0; done < line.byteLength; ) {
          done += writeSync(file, line, done, line.byteLength - done, end + done);
        }
      } catch (cause) {
        ftruncateSync(file, end); // a full disk may take half of a line: the next one must not continue it
        throw cause;
      }
    });
  }

  /** Flushes the appended lines to the disk. @throws {CheckpointError} `checkpoint_write_failed` */
  sync(): void {
    this.#change(FLAGS, (file) => {
      this.#cut(file);
      flushSync(file); // Windows flushes only files that are open for writing
    });
  }

  /**
   * Removes everything after the last line of the given step or an earlier one, including an incomplete last line, at
   * the next `append` or `sync`. Until then the file stays as it is: a run that does not go on loses no measure. Where
   * no line would be left, the file is copied to `metrics-1.jsonl` (or the next free number) first: the checkpoints that
   * belonged to its lines may have been removed.
   */
  keepThrough(step: number): void {
    this.#keptStep = step;
  }

  /** Does what `keepThrough` announced. */
  #cut(file: number): void {
    const kept = this.#keptStep;
    if (kept === undefined) return;
    const bytes = readFileSync(file);
    const end = endOfStep(bytes, kept);
    if (end === 0 && bytes.includes(LINE_FEED)) this.#setAside(bytes);
    if (end < bytes.byteLength) ftruncateSync(file, end);
    this.#keptStep = undefined;
  }

  #setAside(bytes: Buffer): void {
    const { dir, name, ext } = parse(this.path);
    for (let number = 1; ; number++) {
      try {
        const file = openSync(join(dir, `${name}-${number}${ext}`), newFileFlags());
        try {
          writeFileSync(file, bytes);
          flushSync(file);
        } finally {
          closeSync(file);
        }
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  }

  /** The lines of a step. @throws {CheckpointError} `checkpoint_write_failed` */
  recordsOf(step: number): MetricsRecord[] {
    const found: MetricsRecord[] = [];
    this.#change(FLAGS, (file) => {
      for (const line of readFileSync(file, 'utf8').split('\n')) {
        const record = recordOf(line);
        if (record?.step === step) found.push(record);
      }
    });
    return found;
  }

  /** Opens the file for an action; without the flag of creation only if it exists. */
  #change(flags: number, action: (file: number) => void): void {
    try {
      const file = openSync(this.path, flags, 0o666);
      try {
        if (!fstatSync(file).isFile()) throw new Error('it is not a file');
        action(file);
      } finally {
        closeSync(file);
      }
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'ENOENT' && (flags & constants.O_CREAT) === 0) return;
      const reason =
        code === 'ELOOP' ? 'it is a symbolic link' : cause instanceof Error ? cause.message : String(cause);
      throw new CheckpointError(
        'checkpoint_write_failed',
        `cannot write '${this.path}': ${reason}`,
        { path: this.path },
        cause,
      );
    }
  }
}
