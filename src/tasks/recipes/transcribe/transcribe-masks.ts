/** Hides parts of the features in training. */
import type { Batch } from '../../../batch/batch.js';
import { Random } from '../../../core/random.js';
import { TRANSCRIBE } from '../defaults/transcribe.js';

/** What a mask hides at most, at strength 1. */
const { value: TIMES } = TRANSCRIBE.maskTimes;
const { value: BANDS } = TRANSCRIBE.maskBands;

/** Which parts are hidden. */
export interface MaskOptions {
  /** Factor of the widths of all masks, in [0, 1]. */
  readonly strength: number;
  /** Frames in a row; all have the same features. */
  readonly frames: number;
  readonly seed: number;
  /** Number of the training step: the same seed and step hide the same parts. */
  readonly step: number;
}

/**
 * A batch in which every sequence has lost two stretches of time, each of at most 15 % of its steps and 12 steps, and two stretches of
 * neighbouring features, each of at most a quarter of a frame. They become 0, the mean of scaled features.
 *
 * @param input its name
 * @see Park et al. 2019, SpecAugment (without time warping)
 */
export function maskFeatures(batch: Batch, input: string, { strength, frames, seed, step }: MaskOptions): Batch {
  if (strength === 0) return batch;
  const rows = (batch.inputs[input] as Float32Array).slice();
  const { batchSizes } = batch;
  const sequences = batchSizes[0] as number;
  const width = rows.length / batchSizes.reduce((sum, alive) => sum + alive, 0);
  const frameWidth = width / frames;
  const random = new Random(seed, `masks/${step}`);
  const begins = rowBegins(batchSizes);
  for (let place = 0; place < sequences; place++) {
    const steps = batchSizes.findIndex((alive) => alive <= place);
    const length = steps === -1 ? batchSizes.length : steps;
    const at = (time: number) => ((begins[time] as number) + place) * width;
    const longest = Math.min(TIMES.steps, Math.floor(length * TIMES.part)) * strength;
    for (let mask = 0; mask < TIMES.masks; mask++) {
      const [from, to] = stretch(random, length, longest);
      for (let time = from; time < to; time++) rows.fill(0, at(time), at(time) + width);
    }
    for (let mask = 0; mask < BANDS.masks; mask++) {
      const [from, to] = stretch(random, frameWidth, frameWidth * BANDS.part * strength);
      for (let time = 0; time < length; time++) {
        for (let frame = at(time); frame < at(time) + width; frame += frameWidth)
          rows.fill(0, frame + from, frame + to);
      }
    }
  }
  return { ...batch, inputs: { ...batch.inputs, [input]: rows } };
}

/** The first row of each step. */
function rowBegins(batchSizes: Int32Array): Int32Array {
  const begins = new Int32Array(batchSizes.length);
  for (let time = 1; time < begins.length; time++) {
    begins[time] = (begins[time - 1] as number) + (batchSizes[time - 1] as number);
  }
  return begins;
}

/** A stretch of 0 to `longest` of `length` places: its first place, and the place after its last. */
function stretch(random: Random, length: number, longest: number): readonly [from: number, to: number] {
  const width = random.integer(Math.min(length, Math.floor(longest)) + 1);
  const from = random.integer(length - width + 1);
  return [from, from + width];
}
