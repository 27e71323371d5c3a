/**
 * brain.js as one side of a benchmark, by the protocol of all sides: bench/README.md. It trains whole networks one sequence
 * at a time, from a state of zero, with an update of its own: only tokens a second compare.
 */
import { requirePeer, serve, timed, Unsupported } from './shared/serve.mjs';

const NOTE =
  'one thread; a run is one sequence, not a batch: state not carried, gradients clipped one by one, its own RMSProp';

function model({ problem }) {
  const { cell, vocabulary, units, layers, steps } = problem;
  const { module: brain, version } = requirePeer('brain.js');
  const kind = { rnn: 'RNN', gru: 'GRU', lstm: 'LSTM' }[cell];
  const net = new brain.recurrent[kind]({
    inputSize: problem.embedding,
    inputRange: vocabulary,
    outputSize: vocabulary,
    hiddenLayers: new Array(layers).fill(units),
  });
  net.initialize();
  let seed = 1;
  const sequence = Array.from({ length: steps }, () => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % vocabulary;
  });
  const step = () => net.trainPattern(sequence, 0.001);
  return { version, report: { note: NOTE }, run: (repeat) => timed(step, repeat), result: () => ({ tokens: steps }) };
}

function layer() {
  throw new Unsupported('cannot: brain.js has recurrent layers only inside a whole network, one sequence at a time');
}

await serve({ model, layer, stream: layer });
