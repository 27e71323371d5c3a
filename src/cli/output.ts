import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Thrown when the reader of the output has closed it: `bptt sample ... | head`. */
export class OutputClosed extends Error {}

/** The output of a command's results. It waits when the reader is slow and stops when the reader has closed it. */
export class Output {
  readonly #stream: Writable & { readonly isTTY?: boolean };
  #closed = false;

  constructor(stream: Writable & { readonly isTTY?: boolean }) {
    this.#stream = stream;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      this.#closed = true;
    });
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  /** @throws {OutputClosed} when the reader has closed the output */
  async write(text: string): Promise<void> {
    if (this.#closed) throw new OutputClosed();
    if (this.#stream.write(text)) return;
    await once(this.#stream, 'drain').catch(() => {
      throw new OutputClosed();
    });
  }

  /** One JSON value on a line. */
  json(value: unknown): Promise<void> {
    return this.write(`${JSON.stringify(value)}\n`);
  }
}
