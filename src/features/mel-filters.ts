/**
 * The mel scale of frequencies, and triangular filters of equal width on that scale.
 *
 * @see Young et al., "The HTK Book", 2006, section 5.4; Slaney, "Auditory Toolbox", 1998 (also librosa's default)
 */
import { OptionError } from '../core/errors.js';

/** `htk`: 2595 log10(1 + f / 700). `slaney`: linear up to 1000 Hz, logarithmic above. */
export type MelScale = 'htk' | 'slaney';

/** `none`: every filter has a peak of 1. `slaney`: every filter is divided by half its width in Hz, so that its area is 1. */
export type MelNorm = 'none' | 'slaney';

const SLANEY_HZ_PER_MEL = 200 / 3;
const SLANEY_BREAK_HZ = 1000;
const SLANEY_BREAK_MEL = SLANEY_BREAK_HZ / SLANEY_HZ_PER_MEL;
/** Above the break, 27 mels multiply a frequency by 6.4. */
const SLANEY_LOG_STEP = Math.log(6.4) / 27;

/** A frequency in Hz, >= 0, on the mel scale. */
export function hzToMel(hz: number, scale: MelScale): number {
  if (scale === 'htk') return 2595 * Math.log10(1 + hz / 700);
  if (hz < SLANEY_BREAK_HZ) return hz / SLANEY_HZ_PER_MEL;
  return SLANEY_BREAK_MEL + Math.log(hz / SLANEY_BREAK_HZ) / SLANEY_LOG_STEP;
}

/** The frequency in Hz of a place on the mel scale, >= 0. */
export function melToHz(mel: number, scale: MelScale): number {
  if (scale === 'htk') return 700 * (10 ** (mel / 2595) - 1);
  if (mel < SLANEY_BREAK_MEL) return mel * SLANEY_HZ_PER_MEL;
  return SLANEY_BREAK_HZ * Math.exp(SLANEY_LOG_STEP * (mel - SLANEY_BREAK_MEL));
}

/** The parameters of filters; the options of `LogMel` define which values are allowed. */
export interface MelFilterSettings {
  readonly sampleRate: number;
  readonly fftSize: number;
  readonly melBands: number;
  readonly lowHz: number;
  readonly highHz: number;
  readonly melScale: MelScale;
  readonly melNorm: MelNorm;
}

/** One triangular filter: the weights of the bins `firstBin`, `firstBin + 1`, ...; all other weights are zero. */
export interface MelFilter {
  readonly firstBin: number;
  readonly weights: Float64Array;
}

/**
 * The filters, from low to high. The corners of filter b are the points b, b+1, b+2 of melBands + 2 points that divide
 * lowHz..highHz evenly on the mel scale; its sides are straight in Hz.
 *
 * @throws {OptionError} `invalid_option` when a filter lies between two bins, where it would always be zero
 */
export function melFilters(settings: MelFilterSettings): readonly MelFilter[] {
  const { sampleRate, fftSize, melBands, melScale } = settings;
  const low = hzToMel(settings.lowHz, melScale);
  const high = hzToMel(settings.highHz, melScale);
  const corner = (place: number) => melToHz(low + ((high - low) * place) / (melBands + 1), melScale);
  const hzPerBin = sampleRate / fftSize;
  return Array.from({ length: melBands }, (_, band) => {
    const [left, peak, right] = [corner(band), corner(band + 1), corner(band + 2)];
    const firstBin = Math.floor(left / hzPerBin) + 1;
    const lastBin = Math.min(Math.ceil(right / hzPerBin) - 1, fftSize / 2);
    if (lastBin < firstBin) {
      throw new OptionError(
        'invalid_option',
        `option 'melBands' is ${melBands}, too many for ${fftSize} points: band ${band} (${left.toFixed(1)} to ` +
          `${right.toFixed(1)} Hz) lies between two bins, which are ${hzPerBin} Hz apart`,
        { name: 'melBands', value: melBands, fftSize, band },
      );
    }
    const height = settings.melNorm === 'slaney' ? 2 / (right - left) : 1;
    const weights = Float64Array.from({ length: lastBin - firstBin + 1 }, (_, index) => {
      const hz = (firstBin + index) * hzPerBin;
      return height * Math.min((hz - left) / (peak - left), (right - hz) / (right - peak));
    });
    return { firstBin, weights };
  });
}
