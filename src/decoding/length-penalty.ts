/** The divisor of the log probability of a hypothesis, so that long hypotheses are not always worse than short ones. */
import { rejectUnknownKeys, requireNumber, requireOneOf } from '../core/options.js';

/**
 * A length penalty. n is the length of a hypothesis with the symbol that ends it.
 *
 * - `none`: 1
 * - `wu`: ((5 + n) / 6)^alpha (Wu et al. 2016, "Google's neural machine translation system", equation 14)
 * - `mean`: n, so that a score is the mean log probability of a symbol
 */
export type LengthPenalty =
  | { readonly kind: 'none' }
  | { readonly kind: 'wu'; readonly alpha: number }
  | { readonly kind: 'mean' };

/**
 * The divisor of a length n >= 1. It never decreases with n. The search uses this to bound the score that a hypothesis
 * can reach.
 *
 * @throws {OptionError} `invalid_option` for an unknown kind or an alpha below 0; `unknown_option`
 */
export function lengthPenalty(penalty: LengthPenalty): (n: number) => number {
  rejectUnknownKeys('lengthPenalty', penalty, ['kind', 'alpha']);
  const kind = requireOneOf('lengthPenalty.kind', penalty.kind, ['none', 'wu', 'mean']);
  if (penalty.kind === 'wu') {
    const alpha = requireNumber('lengthPenalty.alpha', penalty.alpha, { min: 0 });
    return (n) => ((5 + n) / 6) ** alpha;
  }
  rejectUnknownKeys(`lengthPenalty '${kind}'`, penalty, ['kind']);
  return kind === 'mean' ? (n) => n : () => 1;
}
