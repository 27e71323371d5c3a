/** Attention as functions: at each step of the query a mean of the memory's steps, weighted by the softmax of scores. */
import { rejectUnknownKeys } from '../../core/options.js';
import type { Value } from '../../graph/value.js';
import { applied, requireArgument } from './apply.js';

/** Settings of an attention by products. */
export interface AttentionSettings {
  /** Factor of the scores; default 1. */
  readonly scale?: number;
}

/**
 * Attention with the scores scale * query · key: [N, F]. Queries lie on one time axis, keys and values on another or the same; a
 * sequence meets that of the same sample.
 *
 * @param query [N, K]
 * @param key [M, K]
 * @param value [M, F]
 * @throws {ShapeError} `shape_mismatch`
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @see Luong, Pham, Manning 2015
 */
export function attention(query: Value, key: Value, value: Value, settings: AttentionSettings = {}): Value {
  rejectUnknownKeys('attention', settings, ['scale']);
  const scale = requireArgument('attention', 'scale', settings.scale ?? 1, { min: -1e30, max: 1e30 });
  const operands = { query, key, value };
  return applied('attention', { operation: 'attention', operands, attributes: { scale } }).context;
}

/**
 * Attention with the scores v · tanh(query + key): [N, F].
 *
 * @param query [N, A]
 * @param key [M, A]
 * @param v [1, A]
 * @param value [M, F]
 * @throws {ShapeError} `shape_mismatch`
 * @see Bahdanau, Cho, Bengio 2015
 */
export function additiveAttention(query: Value, key: Value, v: Value, value: Value): Value {
  const operands = { query, key, v, value };
  return applied('additiveAttention', { operation: 'additiveAttention', operands }).context;
}
