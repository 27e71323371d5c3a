import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { appendDeltas } from '../../src/features/deltas.js';
import { LogMel } from '../../src/features/log-mel.js';
import { hzToMel, melToHz } from '../../src/features/mel-filters.js';
import { Mfcc } from '../../src/features/mfcc.js';
import { readWavSync } from '../../src/files/wav.js';
import { featureCases, largestDistance } from './load-golden.js';
import { sharedData } from './shared-data.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const { sound, cases } = featureCases();

// Both sides compute in float64 and round to float32 once: they may differ by one rounding of the largest number.
const oneRounding = (expected: Float32Array) => 2 ** -23 * largestDistance(expected, new Float32Array(expected.length));

describe.each(cases)('features of the case $name', ({ options, logMel, mfcc, withDeltas }) => {
  it('agree with NumPy and SciPy', () => {
    const features = new LogMel(options);
    expect(largestDistance(features.extract(sound), logMel)).toBeLessThan(oneRounding(logMel));
    expect(features.frames(sound.length) * features.width).toBe(logMel.length);
  });

  it('agree with SciPy in the cepstrum, its deltas and double deltas', () => {
    const extractor = new Mfcc(options);
    const coefficients = extractor.extract(sound);
    expect(extractor.width).toBe(13);
    expect(largestDistance(coefficients, mfcc)).toBeLessThan(oneRounding(mfcc));
    // Deltas are made of rounded coefficients, with weights whose sizes sum to 0.6.
    expect(largestDistance(appendDeltas(coefficients, 13, { order: 2 }), withDeltas)).toBeLessThan(oneRounding(mfcc));
  });
});

describe('LogMel', () => {
  it('has a peak in the band of a tone, whichever that is', () => {
    const features = new LogMel({ sampleRate: 16000, melBands: 30, preEmphasis: 0 });
    const places = Array.from({ length: 32 }, (_, place) => melToHz((hzToMel(8000, 'htk') * place) / 31, 'htk'));
    for (const band of [3, 15, 28]) {
      const hz = places[band + 1] as number;
      const tone = Float32Array.from({ length: 400 }, (_, t) => Math.sin((2 * Math.PI * hz * t) / 16000));
      const [...frame] = features.extract(tone);
      expect(frame.indexOf(Math.max(...frame))).toBe(band);
    }
  });

  it('gives silence the logarithm of the floor', () => {
    const frames = new LogMel({ sampleRate: 8000, logFloor: 1e-4 }).extract(new Float32Array(400));
    expect(new Set(frames)).toEqual(new Set([Math.fround(Math.log(1e-4))]));
  });

  it('computes a frame from its own samples alone, and one sound after another without a trace', () => {
    const features = new LogMel({ sampleRate: 8000, preEmphasis: 0 });
    const all = features.extract(sound);
    const { hopSamples, windowSamples } = features.settings;
    for (const frame of [0, 7, 20]) {
      const alone = features.extract(sound.slice(frame * hopSamples, frame * hopSamples + windowSamples));
      expect(alone).toEqual(all.slice(frame * 40, (frame + 1) * 40));
    }
  });

  it('counts only whole frames', () => {
    const features = new LogMel({ sampleRate: 8000 });
    expect([0, 199, 200, 279, 280].map((samples) => features.frames(samples))).toEqual([0, 0, 1, 1, 2]);
    expect(features.settings).toMatchObject({ windowSamples: 200, hopSamples: 80, fftSize: 256, highHz: 4000 });
  });

  it('refuses sounds that are too short or not finite, with both values', () => {
    const features = new LogMel({ sampleRate: 8000 });
    expect(() => features.extract(new Float32Array(199))).toThrow('199 samples are too few for a frame of 200');
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const samples = new Float32Array(300);
      samples[123] = wrong;
      expect(() => features.extract(samples)).toThrow(`sample 123 is ${wrong}`);
    }
    expect(() => features.extract([0, 1] as unknown as Float32Array)).toThrow(code('invalid_option'));
  });

  it('refuses filters that would be zero for ever, naming the band', () => {
    expect(() => new LogMel({ sampleRate: 8000, melBands: 120 })).toThrow(
      /option 'melBands' is 120, too many for 256 points: band 0 \(0\.0 to \d+\.\d Hz\) lies between two bins/,
    );
  });

  it.each([
    { sampleRate: 0 },
    { sampleRate: Number.NaN },
    { sampleRate: 8000, windowMs: 0 },
    { sampleRate: 8000, windowMs: 0.1 },
    { sampleRate: 8000, windowMs: 1e9 },
    { sampleRate: 8000, hopMs: 0.01 },
    { sampleRate: 8000, fftSize: 300 },
    { sampleRate: 8000, fftSize: 128 },
    { sampleRate: 8000, melBands: 0 },
    { sampleRate: 8000, highHz: 4001 },
    { sampleRate: 8000, lowHz: 2000, highHz: 2000 },
    { sampleRate: 8000, lowHz: -1 },
    { sampleRate: 8000, preEmphasis: 1.1 },
    { sampleRate: 8000, window: 'blackman' },
    { sampleRate: 8000, melScale: 'bark' },
    { sampleRate: 8000, melNorm: 'area' },
    { sampleRate: 8000, logFloor: 0 },
  ])('refuses the options %o', (options) => {
    expect(() => new LogMel(options as { sampleRate: number })).toThrow(code('invalid_option'));
  });

  it('refuses options that it does not know, and more coefficients than bands', () => {
    expect(() => new LogMel({ sampleRate: 8000, bands: 3 } as { sampleRate: number })).toThrow(code('unknown_option'));
    expect(() => new Mfcc({ sampleRate: 8000, melBands: 12, coefficients: 13 })).toThrow(code('invalid_option'));
    expect(new Mfcc({ sampleRate: 8000, melBands: 12 }).width).toBe(12);
  });
});

describe('the mel scales', () => {
  it('have their published points, and their inverses', () => {
    expect(hzToMel(1000, 'htk')).toBeCloseTo(999.9856, 3); // "1000 Hz are 1000 mel", to the rounding of 2595
    expect(hzToMel(1000, 'slaney')).toBeCloseTo(15, 12);
    expect(hzToMel(6400, 'slaney')).toBeCloseTo(42, 12);
    for (const scale of ['htk', 'slaney'] as const) {
      for (const hz of [0, 20, 999, 1000, 1001, 7600]) expect(melToHz(hzToMel(hz, scale), scale)).toBeCloseTo(hz, 8);
    }
  });
});

describe('appendDeltas', () => {
  it('are the slope of a straight line, away from its ends', () => {
    const rows = Float32Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? 3 * (at / 2) : -at));
    const together = appendDeltas(rows, 2);
    expect(together.length).toBe(40);
    for (let frame = 2; frame < 8; frame++) {
      expect([...together.subarray(frame * 4, frame * 4 + 4)]).toEqual([3 * frame, -2 * frame - 1, 3, -2]);
    }
  });

  it('are zero for a single row', () => {
    expect([...appendDeltas(Float32Array.of(5, 6), 2, { order: 2 })]).toEqual([5, 6, 0, 0, 0, 0]);
  });

  it('refuse what is no rows', () => {
    expect(() => appendDeltas(new Float32Array(5), 2)).toThrow(code('shape_mismatch'));
    expect(() => appendDeltas(new Float32Array(0), 2)).toThrow(code('empty_data'));
    expect(() => appendDeltas(Float32Array.of(Number.NaN, 1), 2)).toThrow('column 0 of row 0 is NaN');
    expect(() => appendDeltas(new Float32Array(4), 2, { order: 3 as 2 })).toThrow(code('invalid_option'));
    expect(() => appendDeltas(new Float32Array(4), 2, { reach: 0 })).toThrow(code('invalid_option'));
  });
});

const digits = sharedData('fsdd/recordings');
describe.skipIf(digits.isMissing)('the spoken digits', () => {
  it('become finite sequences, of which two speakers of one digit differ', () => {
    const extractor = new Mfcc({ sampleRate: 8000 });
    const [george, jackson] = ['7_george_0.wav', '7_jackson_0.wav'].map((name) => {
      const { channels } = readWavSync(path.join(digits.folder, name));
      return extractor.extract(channels[0] as Float32Array);
    });
    for (const sequence of [george, jackson]) {
      expect(sequence?.every(Number.isFinite)).toBe(true);
      expect((sequence?.length ?? 0) / 13).toBeGreaterThan(10);
    }
    expect(george?.slice(0, 13)).not.toEqual(jackson?.slice(0, 13));
  });
});
