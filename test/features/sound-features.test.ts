import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { drawPerturbation, perturbedLength, perturbSound, shortestLength } from '../../src/features/perturb-sound.js';
import { SoundFeatures, type SoundFeaturesOptions } from '../../src/features/sound-features.js';
import { stackFrames } from '../../src/features/stack-frames.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

function noise(samples: number, name = 'noise'): Float32Array {
  const random = new Random(1, name);
  return Float32Array.from({ length: samples }, () => 0.3 * (2 * random.uniform() - 1));
}

describe('the features of sound as it comes', () => {
  it.each<[string, Partial<SoundFeaturesOptions>]>([
    ['log-mel frames', {}],
    ['log-mel frames with double deltas', { deltas: 2 }],
    ['MFCC with deltas', { kind: 'mfcc', coefficients: 7, deltas: 1 }],
    ['hops that are longer than windows', { windowMs: 10, hopMs: 17, deltas: 1 }],
    ['frames without pre-emphasis', { preEmphasis: 0 }],
  ])('are the same bits as of the whole: %s', (_name, options) => {
    const features = new SoundFeatures({ sampleRate: 8000, melBands: 12, ...options });
    for (const [length, seed] of [
      [4000, 'a'],
      [1603, 'b'],
      [250, 'c'],
    ] as const) {
      const samples = noise(length, seed);
      const whole = features.extract(samples);
      const random = new Random(2, seed);
      const stream = features.stream();
      const found: number[] = [];
      for (let at = 0; at < length; ) {
        const end = Math.min(length, at + random.integer(random.integer(4) === 0 ? 900 : 60));
        found.push(...stream.push(samples.subarray(at, end)));
        at = end;
      }
      found.push(...stream.end());
      expect(Float32Array.from(found)).toEqual(whole);
      expect(whole).toHaveLength(features.frames(length) * features.width);
    }
  });

  it('gives each row as soon as the frames are there that it depends on', () => {
    const features = new SoundFeatures({ sampleRate: 8000, melBands: 5, deltas: 1 });
    const stream = features.stream();
    const samples = noise(200 + 80 * 3);
    expect(stream.push(samples.subarray(0, 199))).toHaveLength(0);
    expect(stream.push(samples.subarray(199, 200 + 80))).toHaveLength(0);
    expect(stream.push(samples.subarray(200 + 80, 200 + 80 * 2))).toHaveLength(10);
    expect(stream.push(samples.subarray(200 + 80 * 2))).toHaveLength(10);
    expect(stream.end()).toHaveLength(2 * 10);
  });

  it('stays where it was when samples are none', () => {
    const features = new SoundFeatures({ sampleRate: 8000 });
    const stream = features.stream();
    const samples = noise(500);
    const first = stream.push(samples.subarray(0, 300));
    expect(() => stream.push(Float32Array.of(0.1, Number.NaN))).toThrow(code('non_finite_data'));
    expect(() => stream.push([0.1] as never)).toThrow(code('invalid_option'));
    const rest = [...stream.push(samples.subarray(300)), ...stream.end()];
    expect(Float32Array.from([...first, ...rest])).toEqual(features.extract(samples));
  });

  it('refuses options that do not go together', () => {
    expect(() => new SoundFeatures({ sampleRate: 8000, coefficients: 5 })).toThrow(/'coefficients' belongs to mfcc/);
    expect(() => new SoundFeatures({ sampleRate: 8000, deltas: 3 as never })).toThrow(code('invalid_option'));
    expect(() => new SoundFeatures({ sampleRate: 8000, bands: 3 } as never)).toThrow(code('unknown_option'));
  });
});

describe('stacked frames', () => {
  it('are the frames one after the other, without those that fill no row', () => {
    const rows = Float32Array.from({ length: 14 }, (_, at) => at);
    expect(stackFrames(rows, 2, 3)).toEqual(rows.slice(0, 12));
    expect(stackFrames(rows, 2, 1)).toEqual(rows);
    expect(() => stackFrames(rows, 3, 1)).toThrow(code('shape_mismatch'));
    expect(() => stackFrames(rows, 2, 0)).toThrow(code('invalid_option'));
  });
});

describe('a perturbed sound', () => {
  const plain = { speed: 1, gain: 1, tilt: 0, noise: 0, noiseSeed: 1 };

  it('is the sound itself where nothing is changed', () => {
    const samples = noise(100);
    expect(perturbSound(samples, plain)).toEqual(samples);
    expect(perturbSound(samples, drawPerturbation(new Random(1, 'draw'), 0))).toEqual(samples);
  });

  it('has the pitch of its speed, and as many samples as were said', () => {
    const tone = (hertz: number, length: number) =>
      Float32Array.from({ length }, (_, at) => Math.sin((2 * Math.PI * hertz * at) / 8000));
    const faster = perturbSound(tone(100, 4001), { ...plain, speed: 1.25 });
    expect(faster).toHaveLength(3201);
    expect(perturbedLength(4001, { speed: 1.25 })).toBe(3201);
    const expected = tone(125, 3201);
    for (const [at, sample] of faster.entries()) expect(Math.abs(sample - (expected[at] as number))).toBeLessThan(1e-3);
  });

  it('is louder by its gain, tilted, and has noise of its own level', () => {
    const samples = noise(4000);
    const louder = perturbSound(samples, { ...plain, gain: 2, tilt: 0.5 });
    for (const at of [1, 7, 3999]) {
      const [before, here] = [samples[at - 1] as number, samples[at] as number];
      expect(louder[at]).toBeCloseTo(2 * (here + 0.5 * before), 6);
    }
    const noisy = perturbSound(samples, { ...plain, noise: 0.1 });
    const power = (values: Float32Array) => values.reduce((sum, value) => sum + value * value, 0) / values.length;
    const added = noisy.map((sample, at) => sample - (samples[at] as number));
    expect(power(added) / power(samples)).toBeCloseTo(0.01 / 3, 4); // uniform noise
  });

  it('stays within the ranges that are documented', () => {
    for (let draw = 0; draw < 300; draw++) {
      const change = drawPerturbation(new Random(draw, 'draw'), 0.5);
      expect(Math.abs(change.speed - 1)).toBeLessThanOrEqual(0.1);
      expect(Math.abs(20 * Math.log10(change.gain))).toBeLessThanOrEqual(6);
      expect(Math.abs(change.tilt)).toBeLessThanOrEqual(0.25);
      expect(perturbedLength(999, change)).toBeGreaterThanOrEqual(shortestLength(999, 0.5));
    }
  });
});
