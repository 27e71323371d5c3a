/** Sound as a sequence of mel-frequency cepstral coefficients. */
import { requireNumber } from '../core/options.js';
import { LogMel } from './log-mel.js';
import { checkLogMelOptions, type LogMelOptions, type LogMelSettings } from './sound-options.js';

/** Options of `Mfcc`. */
export interface MfccOptions extends LogMelOptions {
  /**
   * Number of first coefficients to keep, including the zeroth. Integer in 1..melBands; default 13, or melBands if that
   * is smaller.
   */
  readonly coefficients?: number;
}

/** [coefficients, bands] of the orthonormal DCT-II: c_k = s_k sum_b x_b cos(pi k (2b + 1) / 2B), s_0 = sqrt(1/B), s_k = sqrt(2/B). */
function cosines(coefficients: number, bands: number): Float64Array {
  return Float64Array.from({ length: coefficients * bands }, (_, index) => {
    const k = Math.floor(index / bands);
    const band = index % bands;
    return Math.sqrt((k === 0 ? 1 : 2) / bands) * Math.cos((Math.PI * k * (2 * band + 1)) / (2 * bands));
  });
}

/**
 * MFCC features of sound: the first coefficients of the orthonormal DCT-II of its log-mel frames.
 *
 * @see Davis and Mermelstein 1980; agrees with NumPy and SciPy (test/features/log-mel.test.ts)
 * @example const sequence = new Mfcc({ sampleRate: 8000, coefficients: 13 }).extract(samples); // [T * 13]
 */
export class Mfcc {
  /** Numbers in a frame: the coefficients. */
  readonly width: number;
  readonly #logMel: LogMel;
  readonly #cosines: Float64Array;

  /** @throws {OptionError} `invalid_option`, `unknown_option` */
  constructor(options: MfccOptions) {
    const { windowSamples, hopSamples, ...settings } = checkLogMelOptions('Mfcc', options, ['coefficients']);
    const bands = settings.melBands;
    this.width = requireNumber('coefficients', options.coefficients ?? Math.min(13, bands), {
      integer: true,
      min: 1,
      max: bands,
    });
    this.#logMel = new LogMel(settings);
    this.#cosines = cosines(this.width, bands);
  }

  /** The options of the log-mel frames with their defaults, and the frame in samples. */
  get settings(): LogMelSettings {
    return this.#logMel.settings;
  }

  /** Frames of a sound with this number of samples; 0 when it is shorter than one frame. */
  frames(samples: number): number {
    return this.#logMel.frames(samples);
  }

  /**
   * The features of a sound, [T * width], row-major.
   *
   * @param samples of one channel
   * @param before the sample before the first one, when the samples continue a sound
   * @throws as `LogMel.extract`
   */
  extract(samples: Float32Array, before = 0): Float32Array {
    const logMel = this.#logMel.extractExact(samples, before);
    const bands = this.#logMel.width;
    const features = new Float32Array((logMel.length / bands) * this.width);
    for (let at = 0; at < features.length; at++) {
      const frame = Math.floor(at / this.width) * bands;
      const row = (at % this.width) * bands;
      let sum = 0;
      for (let band = 0; band < bands; band++) {
        sum += (this.#cosines[row + band] as number) * (logMel[frame + band] as number);
      }
      features[at] = sum;
    }
    return features;
  }
}
