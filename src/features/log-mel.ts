/** Sound as a sequence of log-mel frames. */
// @ts-expect-error: the package brings no types; its one function used here is typed below.

import { fft as realTransform } from 'fourier-transform';
import { DataError, OptionError } from '../core/errors.js';
import { describeValue } from '../core/options.js';
import { isFloat32Array } from '../core/typed-array.js';
import { type MelFilter, melFilters } from './mel-filters.js';
import { checkLogMelOptions, type LogMelOptions, type LogMelSettings, type WindowShape } from './sound-options.js';

/** Spectrum of N real numbers, N a power of two: real and imaginary parts of the bins 0..N/2, without a factor. */
const spectrumOf = realTransform as (input: Float64Array, output: [Float64Array, Float64Array]) => void;

function windowOf(shape: WindowShape, samples: number): Float64Array {
  const mean = shape === 'hann' ? 0.5 : 0.54;
  return Float64Array.from(
    { length: samples },
    (_, sample) => mean - (1 - mean) * Math.cos((2 * Math.PI * sample) / samples),
  );
}

/**
 * Log-mel features of sound: frames of the pre-emphasised samples, each multiplied by a window and transformed; the
 * powers |X|^2 of its bins summed by triangular filters on the mel scale; the natural logarithm of that. Frames lie
 * entirely within the sound: T = 1 + floor((samples - windowSamples) / hopSamples).
 *
 * An extractor has no state between sounds. It computes in double precision and rounds once.
 * test/features/log-mel.test.ts compares it with NumPy and SciPy.
 *
 * @example
 * const features = new LogMel({ sampleRate: 8000, melBands: 40 });
 * const sequence = features.extract(samples); // [T * features.width]
 */
export class LogMel {
  /** The options with their defaults, and the frame in samples. */
  readonly settings: LogMelSettings;
  readonly #window: Float64Array;
  readonly #filters: readonly MelFilter[];
  readonly #frame: Float64Array;
  readonly #spectrum: [Float64Array, Float64Array];
  readonly #powers: Float64Array;

  /** @throws {OptionError} `invalid_option`, `unknown_option` */
  constructor(options: LogMelOptions) {
    this.settings = checkLogMelOptions('LogMel', options);
    const { window, windowSamples, fftSize } = this.settings;
    this.#window = windowOf(window, windowSamples);
    this.#filters = melFilters(this.settings);
    this.#frame = new Float64Array(fftSize);
    this.#spectrum = [new Float64Array(fftSize / 2 + 1), new Float64Array(fftSize / 2 + 1)];
    this.#powers = new Float64Array(fftSize / 2 + 1);
  }

  /** Numbers in a frame: the mel bands. */
  get width(): number {
    return this.settings.melBands;
  }

  /** Frames of a sound with this number of samples; 0 when it is shorter than one frame. */
  frames(samples: number): number {
    const { windowSamples, hopSamples } = this.settings;
    return samples < windowSamples ? 0 : 1 + Math.floor((samples - windowSamples) / hopSamples);
  }

  /**
   * The features of a sound, [T * width], row-major: a sequence of `width` features.
   *
   * @param samples of one channel
   * @param before the sample before the first one, when the samples continue a sound; the pre-emphasis needs it
   * @throws {DataError} `too_short` with both sizes; `non_finite_data` naming the sample
   * @throws {OptionError} `invalid_option` when the samples are not a Float32Array
   */
  extract(samples: Float32Array, before = 0): Float32Array {
    return Float32Array.from(this.extractExact(samples, before));
  }

  /** As `extract`, not rounded to single precision. */
  extractExact(samples: Float32Array, before = 0): Float64Array {
    const emphasised = this.#emphasise(samples, before);
    const { hopSamples, melBands, logFloor } = this.settings;
    const frames = this.frames(samples.length);
    const features = new Float64Array(frames * melBands);
    for (let frame = 0; frame < frames; frame++) {
      this.#transform(emphasised, frame * hopSamples);
      for (let band = 0; band < melBands; band++) {
        const { firstBin, weights } = this.#filters[band] as MelFilter;
        let power = 0;
        for (let index = 0; index < weights.length; index++) {
          power += (weights[index] as number) * (this.#powers[firstBin + index] as number);
        }
        features[frame * melBands + band] = Math.log(Math.max(power, logFloor));
      }
    }
    return features;
  }

  #emphasise(samples: Float32Array, before: number): Float64Array {
    if (!isFloat32Array(samples)) {
      const message = `samples must be a Float32Array, got ${describeValue(samples)}`;
      throw new OptionError('invalid_option', message, { name: 'samples' });
    }
    const { windowSamples, preEmphasis } = this.settings;
    if (samples.length < windowSamples) {
      throw new DataError('too_short', `${samples.length} samples are too few for a frame of ${windowSamples}`, {
        samples: samples.length,
        windowSamples,
      });
    }
    const emphasised = new Float64Array(samples.length);
    let previous = before;
    for (let at = 0; at < samples.length; at++) {
      const sample = samples[at] as number;
      if (!Number.isFinite(sample)) {
        throw new DataError('non_finite_data', `sample ${at} is ${sample}, expected a finite number`, {
          sample: at,
          value: sample,
        });
      }
      emphasised[at] = sample - preEmphasis * previous;
      previous = sample;
    }
    return emphasised;
  }

  /** Powers of the frame that begins at a sample. The rest of the buffer after the window stays zero. */
  #transform(samples: Float64Array, begin: number): void {
    for (let at = 0; at < this.#window.length; at++) {
      this.#frame[at] = (samples[begin + at] as number) * (this.#window[at] as number);
    }
    spectrumOf(this.#frame, this.#spectrum);
    const [real, imaginary] = this.#spectrum;
    for (let bin = 0; bin < real.length; bin++) {
      this.#powers[bin] = (real[bin] as number) ** 2 + (imaginary[bin] as number) ** 2;
    }
  }
}
