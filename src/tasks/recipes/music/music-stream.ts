/** A piece that is read frame by frame, with the prediction of the next frame. */
import type { Random } from '../../../core/random.js';
import { LOWEST_NOTE } from '../../../files/piano-pieces.js';
import type { Model } from '../../../model/model.js';
import { stepsOf } from './music-data.js';

/** Probabilities of the next frame of a piece that is still growing. Call `close()` at the end. */
export class MusicStream {
  readonly #stream: ReturnType<Model['stream']>;
  #logits: Float32Array;

  /** @throws {UsageError} `not_streamable` */
  constructor(model: Model) {
    this.#stream = model.stream();
    this.#logits = this.#stream.step(stepsOf([]));
  }

  /** Number of frames that have been read. */
  get frames(): number {
    return this.#stream.steps - 1;
  }

  /** Reads the next frame. @param step [STEP_WIDTH] as `stepsOf` makes it */
  read(step: Float32Array): void {
    this.#logits = this.#stream.step(step);
  }

  /** Probability that a note sounds in the next frame. */
  probabilityOf(note: number): number {
    return 1 / (1 + Math.exp(-(this.#logits[note - LOWEST_NOTE] as number)));
  }

  /** Notes whose probability is above a threshold. */
  above(threshold: number): readonly number[] {
    return this.#notes().filter((note) => this.probabilityOf(note) > threshold);
  }

  /** Notes drawn independently with their own probabilities. The temperature divides their log odds. */
  draw(random: Random, temperature: number): readonly number[] {
    return this.#notes().filter((note) => {
      const logit = (this.#logits[note - LOWEST_NOTE] as number) / temperature;
      return random.uniform() < 1 / (1 + Math.exp(-logit));
    });
  }

  /** Ends the stream; further frames are refused. */
  close(): void {
    this.#stream.close();
  }

  #notes(): number[] {
    return Array.from(this.#logits, (_, key) => key + LOWEST_NOTE);
  }
}
