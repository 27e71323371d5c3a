/** The options of log-mel features, with their defaults and checks. */
import { rejectUnknownKeys, requireNumber, requireOneOf } from '../core/options.js';
import type { MelNorm, MelScale } from './mel-filters.js';

/** Shape of the window that every frame is multiplied by. Both are periodic, as usual for spectra. */
export type WindowShape = 'hann' | 'hamming';

/** Options of `LogMel`. */
export interface LogMelOptions {
  /** Samples per second, > 0. */
  readonly sampleRate: number;
  /** Length of a frame in milliseconds, > 0; default 25. At least two samples. */
  readonly windowMs?: number;
  /** Time from the start of a frame to the start of the next, in milliseconds, > 0; default 10. At least one sample. */
  readonly hopMs?: number;
  /**
   * Points of the transform; frames are padded with zeros. A power of two, from the frame's samples to 2^20; default
   * the smallest.
   */
  readonly fftSize?: number;
  /** Filters. Integer >= 1; default 40. */
  readonly melBands?: number;
  /** Lower end of the first filter in Hz, >= 0; default 0. */
  readonly lowHz?: number;
  /** Upper end of the last filter in Hz, above lowHz and at most half the sample rate, which is the default. */
  readonly highHz?: number;
  /** a in y[t] = x[t] - a x[t-1] with y[0] = x[0], in [0, 1]; default 0.97; 0 does not change the sound. */
  readonly preEmphasis?: number;
  /** Default `hann`. */
  readonly window?: WindowShape;
  /** Default `htk`. */
  readonly melScale?: MelScale;
  /** Default `none`. */
  readonly melNorm?: MelNorm;
  /** Lower limit of a power before its logarithm, > 0; default 1e-10. */
  readonly logFloor?: number;
}

/** The options with their defaults, and the frame in samples. */
export interface LogMelSettings extends Required<LogMelOptions> {
  readonly windowSamples: number;
  readonly hopSamples: number;
}

/** Names of the options of `LogMel`. */
export const LOG_MEL_OPTIONS = [
  'sampleRate',
  'windowMs',
  'hopMs',
  'fftSize',
  'melBands',
  'lowHz',
  'highHz',
  'preEmphasis',
  'window',
  'melScale',
  'melNorm',
  'logFloor',
] as const;

const MAX_FFT_SIZE = 2 ** 20;

/**
 * Milliseconds as a whole number of samples.
 *
 * @throws {OptionError} `invalid_option`
 */
function samplesOf(name: string, value: number, sampleRate: number, min: number): number {
  const ms = requireNumber(name, value, { exclusiveMin: 0 });
  const samples = Math.round((sampleRate * ms) / 1000);
  return requireNumber(`${name} in samples`, samples, { integer: true, min, max: MAX_FFT_SIZE });
}

/**
 * The options, checked and with their defaults.
 *
 * @param name name of the function, for messages
 * @param more names of options beside those of `LogMel`
 * @throws {OptionError} `invalid_option`, `unknown_option`
 */
export function checkLogMelOptions(name: string, options: LogMelOptions, more: readonly string[] = []): LogMelSettings {
  rejectUnknownKeys(name, options, [...LOG_MEL_OPTIONS, ...more]);
  const sampleRate = requireNumber('sampleRate', options.sampleRate, { exclusiveMin: 0 });
  const windowMs = options.windowMs ?? 25;
  const hopMs = options.hopMs ?? 10;
  const windowSamples = samplesOf('windowMs', windowMs, sampleRate, 2);
  const hopSamples = samplesOf('hopMs', hopMs, sampleRate, 1);
  const smallest = 2 ** Math.ceil(Math.log2(windowSamples));
  const powers = Array.from({ length: 1 + Math.log2(MAX_FFT_SIZE / smallest) }, (_, power) => smallest * 2 ** power);
  const lowHz = requireNumber('lowHz', options.lowHz ?? 0, { min: 0, exclusiveMax: sampleRate / 2 });
  return {
    sampleRate,
    windowMs,
    hopMs,
    windowSamples,
    hopSamples,
    fftSize: requireOneOf('fftSize', options.fftSize ?? smallest, powers),
    melBands: requireNumber('melBands', options.melBands ?? 40, { integer: true, min: 1, max: MAX_FFT_SIZE }),
    lowHz,
    highHz: requireNumber('highHz', options.highHz ?? sampleRate / 2, { exclusiveMin: lowHz, max: sampleRate / 2 }),
    preEmphasis: requireNumber('preEmphasis', options.preEmphasis ?? 0.97, { min: 0, max: 1 }),
    window: requireOneOf('window', options.window ?? 'hann', ['hann', 'hamming']),
    melScale: requireOneOf('melScale', options.melScale ?? 'htk', ['htk', 'slaney']),
    melNorm: requireOneOf('melNorm', options.melNorm ?? 'none', ['none', 'slaney']),
    logFloor: requireNumber('logFloor', options.logFloor ?? 1e-10, { exclusiveMin: 0 }),
  };
}
