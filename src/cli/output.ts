import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { BpttError } from '../core/errors.js';

/** Thrown when the reader of the output has closed it: `bptt sample ... | head`. */
export class OutputClosed extends Error {}

/** The output of a command's results. It waits when the reader is slow and stops when the reader has closed it. */
export class Output {
  readonly #stream: Writable & { readonly isTTY?: boolean };
  /** The first error of the stream. */
  #failed: NodeJS.ErrnoException | undefined;

  constructor(stream: Writable & { readonly isTTY?: boolean }) {
    this.#stream = stream;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      this.#failed ??= error;
    });
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  /**
   * Writes a text, or keeps it for a reader that is slow.
   *
   * @throws {OutputClosed} when the reader has closed the output
   * @throws {BpttError} `output_failed` when it cannot be written: its disk is full
   */
  async write(text: string): Promise<void> {
    this.#requireWhole();
    if (this.#stream.write(text)) return;
    await once(this.#stream, 'drain').catch(() => undefined);
    this.#requireWhole();
  }

  /** One JSON value on a line. */
  json(value: unknown): Promise<void> {
    return this.write(`${JSON.stringify(value)}\n`);
  }

  /** Waits until all of it has been written. @throws as `write` */
  async flush(): Promise<void> {
    this.#requireWhole();
    await new Promise<void>((resolve) => this.#stream.write('', () => resolve()));
    this.#requireWhole();
  }

  #requireWhole(): void {
    const failed = this.#failed;
    if (failed === undefined) return;
    if (failed.code === 'EPIPE') throw new OutputClosed();
    const message = `cannot write the results to standard output: ${failed.message}`;
    throw new BpttError('output_failed', message, { reason: failed.code }, failed);
  }
}
