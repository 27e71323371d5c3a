/** Changes sounds as other speakers, rooms and microphones would: for training. */
import { requireList, requireObject } from '../core/arguments.js';
import { requireNumber } from '../core/options.js';
import type { Random } from '../core/random.js';

/** One way to change a sound. */
export interface Perturbation {
  /** Step in the original for one sample of the result: above 1 the sound is faster and higher. */
  readonly speed: number;
  /** Factor of the samples. */
  readonly gain: number;
  /** a in y[t] = x[t] + a x[t-1]: above 0 less treble, below 0 less bass. */
  readonly tilt: number;
  /** Largest amplitude of white noise, relative to the root mean square of the sound. */
  readonly noise: number;
  /** Seed of the noise. */
  readonly noiseSeed: number;
}

/** Changes of full strength. */
const SPEED = 0.2;
const GAIN_DB = 12;
const TILT = 0.5;
const NOISE_DB: readonly [lowest: number, highest: number] = [-60, -15];

/**
 * Draws a change: speed 1 +- 0.2, gain +- 12 dB, tilt +- 0.5, noise at -60 to -15 dB, at strength 1.
 *
 * @param strength factor of all ranges, in [0, 1]; 0 does not change sounds. It is also the probability of the noise
 * @see Ko, Peddinti, Povey, Khudanpur, "Audio augmentation for speech recognition", 2015 (speed)
 */
export function drawPerturbation(random: Random, strength: number): Perturbation {
  requireNumber('strength', strength, { min: 0, max: 1 });
  const within = (range: number) => (2 * random.uniform() - 1) * range * strength;
  const speed = 1 + within(SPEED);
  const gain = 10 ** (within(GAIN_DB) / 20);
  const tilt = within(TILT);
  const isNoisy = random.uniform() < strength;
  const [lowest, highest] = NOISE_DB;
  const decibels = lowest + random.uniform() * (highest - lowest);
  return { speed, gain, tilt, noise: isNoisy ? 10 ** (decibels / 20) : 0, noiseSeed: random.uint32() };
}

/** Samples of a sound with this number of samples, at another speed. */
export function perturbedLength(samples: number, change: Pick<Perturbation, 'speed'>): number {
  const { speed } = requireObject('the change of a sound', change);
  requireNumber('speed', speed, { exclusiveMin: 0 });
  requireNumber('the number of samples', samples, { integer: true, min: 0 });
  return samples === 0 ? 0 : 1 + Math.floor((samples - 1) / speed);
}

/** The fewest samples that a sound with this number of samples can get. @param strength as for `drawPerturbation` */
export function shortestLength(samples: number, strength: number): number {
  return perturbedLength(samples, { speed: 1 + SPEED * strength });
}

/** A changed sound, in new memory. Samples between two are interpolated linearly. */
export function perturbSound(samples: Float32Array, change: Perturbation): Float32Array {
  requireList('samples', samples);
  const { speed, gain, tilt, noise, noiseSeed } = requireObject('the change of a sound', change);
  const changed = new Float32Array(perturbedLength(samples.length, change));
  const last = samples.length - 1;
  let before = 0;
  let squares = 0;
  for (let at = 0; at < changed.length; at++) {
    const place = Math.min(at * speed, last);
    const left = Math.floor(place);
    const here = samples[left] as number;
    const value = here + (place - left) * ((samples[Math.min(left + 1, last)] as number) - here);
    const sample = gain * (value + tilt * before);
    before = value;
    changed[at] = sample;
    squares += sample * sample;
  }
  if (noise === 0) return changed;
  const amplitude = noise * Math.sqrt(squares / changed.length);
  // The 32-bit generator of Numerical Recipes: good enough for noise, and ten times as fast as Philox.
  let word = noiseSeed >>> 0;
  for (let at = 0; at < changed.length; at++) {
    word = (Math.imul(word, 1664525) + 1013904223) >>> 0;
    changed[at] = (changed[at] as number) + amplitude * (word / 2 ** 31 - 1);
  }
  return changed;
}
