/**
 * Initial values of parameters. A scheme is a short text, so that it fits on a command line and into a checkpoint:
 * `SCHEME[:NUMBER]`, and then modifiers, each behind a comma.
 *
 * | scheme | embedding | input weights | recurrent weights | biases | dense |
 * |---|---|---|---|---|---|
 * | `default` | N(0, 1) | Xavier, each gate | orthogonal | 0, LSTM forget gate 1 | U(±1/sqrt(inputs)) |
 * | `pytorch` | N(0, 1) | U(±1/sqrt(units)) | U(±1/sqrt(units)) | U(±1/sqrt(units)) | U(±1/sqrt(inputs)) |
 * | `keras` | U(±0.05) | Xavier, all gates | orthogonal, all gates | 0, LSTM forget gate 1 | Xavier, bias 0 |
 * | `xavier` | N(0, 1) | Xavier, each gate | Xavier, each gate | 0 | Xavier, bias 0 |
 * | `he` | N(0, 1) | U(±sqrt(6/inputs)) | U(±sqrt(6/units)) | 0 | U(±sqrt(6/inputs)), bias 0 |
 * | `orthogonal[:gain]` | N(0, 1) | orthogonal | orthogonal | 0 | orthogonal, bias 0 |
 * | `identity[:scale]` | N(0, 1) | N(0, 0.001²) | scale on the diagonal | 0 | N(0, 0.001²), bias 0 |
 * | `uniform:x` | U(±x) | U(±x) | U(±x) | U(±x) | U(±x) |
 * | `normal:x` | N(0, x²) | N(0, x²) | N(0, x²) | 0 | N(0, x²), bias 0 |
 *
 * - Xavier is U(±sqrt(6/(inputs + outputs))) (Glorot & Bengio 2010), where the outputs are the units of one gate, or for
 *   `keras` those of all gates. `xavier-normal` and `he-normal` (He et al. 2015) are normal with the same variances.
 * - Orthogonal matrices (Saxe, McClelland, Ganguli 2014) are drawn for each gate apart, and for `keras` as one matrix of
 *   all gates, as Keras does. Where a matrix is not square, its rows or columns, whichever are fewer, are orthonormal.
 * - `identity` is the IRNN of Le, Jaitly, Hinton 2015, meant for `rnn` with relu.
 * - `default` is as `pytorch` for the vanilla RNN, whose loss after five epochs of tinyshakespeare is lower so (mean over
 *   four seeds 1.675 nats against 1.680).
 * - Projections are drawn as input weights (`keras`: Xavier; `pytorch`: U(±1/sqrt(units))). Peepholes are U(±1/sqrt(units))
 *   for `pytorch`, U(±x) and N(0, x²) for `uniform` and `normal`, and else 0. Gains are 1 and shifts 0, always.
 *
 * Modifiers: `recurrent=SCHEME[:NUMBER]` and `input=SCHEME[:NUMBER]` draw recurrent weights, or input weights and
 * projections, as another scheme does; `bias=x` sets the biases of every layer to x, of two biases of a cell the one of
 * the input, as their sum is what a gate sees; `forget=x` adds x to the forget gate's bias of every LSTM, in place of the
 * scheme's 1 or 0; `embedding=x` draws embeddings from N(0, x²). An example: `xavier,recurrent=orthogonal,forget=1`.
 */
import type { Random } from '../../core/random.js';
import { DISTRIBUTIONS, type ParameterRole, type ParameterShape } from './initializer-distributions.js';
import { type Distribution, parseScheme, type Scheme } from './initializer-scheme.js';

export type { ParameterRole, ParameterShape } from './initializer-distributions.js';
export { requireInitializer } from './initializer-scheme.js';

/** The distribution of a kind of parameter. */
function distributionOf(scheme: Scheme, role: ParameterRole): Distribution {
  if (role === 'recurrent') return scheme.recurrent;
  if (role === 'input' || role === 'projection') return scheme.input;
  if (role !== 'embedding' || scheme.embedding === undefined) return scheme.general;
  return { name: 'normal', number: scheme.embedding };
}

/**
 * Fills a parameter. The numbers depend on the seed and the name of `random` alone, not on other parameters.
 *
 * @param spec scheme as above
 * @throws {OptionError} `invalid_option`
 */
export function initialize(spec: string, out: Float32Array, shape: ParameterShape, random: Random): void {
  const scheme = parseScheme(spec);
  const { role, units, forgetGate } = shape;
  if (scheme.bias !== undefined && role.endsWith('Bias')) out.fill(role === 'recurrentBias' ? 0 : scheme.bias);
  else {
    const { name, number } = distributionOf(scheme, role);
    DISTRIBUTIONS[name][role](out, shape, random, number);
  }
  // One of the two biases only: their sum is what the gate sees (Gers et al. 2000; Jozefowicz et al. 2015).
  if (role === 'inputBias' && forgetGate >= 0) {
    const opened = shape.forgetBias ?? scheme.forget;
    for (let u = forgetGate * units; u < (forgetGate + 1) * units; u++) out[u] = (out[u] as number) + opened;
  }
}
