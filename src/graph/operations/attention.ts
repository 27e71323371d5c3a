/**
 * Attention: for each step of one time axis a sum of what stands at the steps of a sequence of another, weighted by a softmax
 * of scores. A sequence meets that of the other axis which has the same sample; an execution is given the samples.
 * `attention` is that of Luong et al. 2015, "dot"; a linear map of the query or the key before it makes "general".
 * `additiveAttention` is that of Bahdanau, Cho, Bengio 2015: a linear map of the queries and one of the keys come before it.
 * Kernels: native/kernels/generic/attention/attention.cc, additive_attention.cc.
 */
import { gradientRule, type NamedRule, type Reached, type Reads } from '../operation.js';

/** What the backward operation of either reads. */
function attended(context: Reached<'context'> & Reads<'query' | 'key' | 'value' | 'lse'>) {
  return {
    dcontext: context.gradient('context'),
    query: context.value('query'),
    key: context.value('key'),
    value: context.value('value'),
    lse: context.value('lse'),
  };
}

export const attentionRules: readonly NamedRule[] = [
  gradientRule('attention', (context) => {
    const attributes = { scale: context.attribute('scale') };
    const { dquery, dkey, dvalue } = context.graph.apply('attentionBackward', attended(context), attributes);
    return { query: dquery, key: dkey, value: dvalue };
  }),
  gradientRule('additiveAttention', (context) => {
    const operands = { ...attended(context), v: context.value('v') };
    const { dquery, dkey, dv, dvalue } = context.graph.apply('additiveAttentionBackward', operands);
    return { query: dquery, key: dkey, v: dv, value: dvalue };
  }),
  // Weights that are only shown: whoever wants a gradient through them is refused.
  gradientRule('attentionWeights', () => ({})),
  gradientRule('additiveAttentionWeights', () => ({})),
];
