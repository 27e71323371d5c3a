/**
 * Attention: for each step of one time axis a sum of what stands at the steps of a sequence of another, weighted by a softmax
 * of scores. A sequence meets that of the other axis which has the same sample; an execution is given the samples.
 * Kernels: native/kernels/generic/attention/attention.cc, additive_attention.cc.
 */
import type { GradientContext, GradientRule, OperationDefinition } from '../operation.js';
import type { Value } from '../value.js';

/** The rule of an attention whose operation `NAMEBackward` gives the gradients of these operands, each as `d` and its name. */
function attentionGradient(
  name: string,
  operands: readonly string[],
  attributesOf: (context: GradientContext) => Readonly<Record<string, number>>,
): GradientRule {
  return (context) => {
    const given = Object.fromEntries([...operands, 'lse'].map((operand) => [operand, context.value(operand)]));
    const upstream = { dcontext: context.gradient('context') };
    const results = context.graph.apply(`${name}Backward`, { ...upstream, ...given }, attributesOf(context));
    return Object.fromEntries(operands.map((operand) => [operand, results[`d${operand}`] as Value]));
  };
}

/** Weights that are only shown: whoever wants a gradient through them is refused. */
const notDifferentiable: GradientRule = () => ({});

export const attentionOperations: Readonly<Record<string, OperationDefinition>> = {
  /** Luong et al. 2015, "dot"; a linear map of the query or the key before it makes "general". */
  attention: {
    signature: 'query:N,K key:M,K value:M,F > context:N,F lse:N,1?',
    attributes: 'scale:-1e30..1e30',
    kept: ['lse'],
    gradient: attentionGradient('attention', ['query', 'key', 'value'], (context) => ({
      scale: context.attribute('scale'),
    })),
  },
  attentionBackward: {
    signature: 'dcontext:N,F query:N,K key:M,K value:M,F lse:N,1 > dquery:N,K? dkey:M,K? dvalue:M,F?',
    attributes: 'scale:-1e30..1e30',
    role: 'backward',
  },
  /** The extent S is how many steps are shown. */
  attentionWeights: {
    signature: 'query:N,K key:M,K > weights:N,S',
    attributes: 'scale:-1e30..1e30',
    constants: ['query', 'key'],
    gradient: notDifferentiable,
  },
  /** Bahdanau, Cho, Bengio 2015: a linear map of the queries and one of the keys come before it. */
  additiveAttention: {
    signature: 'query:N,A key:M,A v:1,A value:M,F > context:N,F lse:N,1?',
    kept: ['lse'],
    gradient: attentionGradient('additiveAttention', ['query', 'key', 'v', 'value'], () => ({})),
  },
  additiveAttentionBackward: {
    signature: 'dcontext:N,F query:N,A key:M,A v:1,A value:M,F lse:N,1 > dquery:N,A? dkey:M,A? dv:1,A? dvalue:M,F?',
    role: 'backward',
  },
  /** The extent S is how many steps are shown. */
  additiveAttentionWeights: {
    signature: 'query:N,A key:M,A v:1,A > weights:N,S',
    constants: ['query', 'key', 'v'],
    gradient: notDifferentiable,
  },
};
