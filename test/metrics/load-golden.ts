/** Reads the reference values in `golden/metrics.json`; golden/make_metrics.py makes them. */
import { readFileSync } from 'node:fs';
import type { BleuOptions } from '../../src/metrics/bleu.js';

type Words = readonly string[];

/** What sacreBLEU, NLTK and scikit-learn compute. */
export interface GoldenMetrics {
  readonly sacrebleu: readonly {
    readonly hypotheses: readonly Words[];
    readonly references: readonly (readonly Words[])[];
    readonly scores: readonly { options: BleuOptions; score: number; brevityPenalty: number }[];
  }[];
  readonly nltk: {
    readonly hypotheses: readonly Words[];
    readonly references: readonly (readonly Words[])[];
    readonly corpus: number;
    readonly sentences: readonly number[];
  };
  readonly distances: readonly { readonly pair: readonly [string, string]; readonly distance: number }[];
  readonly classifications: readonly {
    readonly classes: number;
    readonly targets: readonly number[];
    readonly predictions: readonly number[];
    readonly matrix: readonly (readonly number[])[];
    readonly accuracy: number;
    readonly macroF1: number;
  }[];
  readonly pinballs: readonly {
    readonly quantile: number;
    readonly targets: readonly number[];
    readonly predictions: readonly number[];
    readonly loss: number;
    readonly squared: number;
    readonly absolute: number;
  }[];
}

/** All of them. */
export const golden = JSON.parse(
  readFileSync(new URL('golden/metrics.json', import.meta.url), 'utf8'),
) as GoldenMetrics;
