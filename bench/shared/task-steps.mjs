/** Training steps of whole tasks with sequences of different lengths: translation with attention, speech with CTC. */
import { ctcTarget } from '../../dist/entries/data.js';
import {
  activation,
  adam,
  attention,
  concatenate,
  dense,
  embedding,
  gru,
  info,
  lstm,
  network,
  packExamples,
  rnn,
  sequential,
} from '../../dist/index.js';
import { lengthsOf } from './problems.mjs';
import { timed } from './serve.mjs';

const CELLS = { rnn, gru, lstm };
const CLIP_NORM = 1;

/** Numbers in [0, limit), the same ones in every run. */
function numbers(limit) {
  let seed = 1;
  return (length) =>
    Array.from({ length }, () => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % limit;
    });
}

/** A side that runs training steps of one batch. */
function stepsOf(model, batch, tokens) {
  let loss;
  const step = async () => {
    ({ loss } = await model.trainStep(batch, { clipNorm: CLIP_NORM }));
  };
  const { version, isa } = info();
  return {
    version,
    report: { isa, parameters: model.parameterCount },
    run: (repeat) => timed(step, repeat),
    result: () => ({ loss, tokens, plannedBytes: model.memory.total }),
  };
}

/** Bidirectional encoder, decoder with general attention; sources and targets of different lengths. Tokens: steps of the targets. */
export async function translate({ problem, threads }) {
  const { cell, sourceVocabulary, targetVocabulary, embedding: width, units } = problem;
  const layer = CELLS[cell];
  const states = cell === 'lstm' ? ['h', 'c'] : ['h'];
  const bridges = states.flatMap((state) => [
    { name: `${state}Ends`, layer: concatenate(), inputs: [`encoder.${state}_l0`, `encoder.${state}_l0_reverse`] },
    { name: `${state}Bridge`, layer: dense({ units }), inputs: [`${state}Ends`] },
  ]);
  const model = await network({
    inputs: {
      source: { kind: 'indices', size: sourceVocabulary, axis: 'source' },
      previous: { kind: 'indices', size: targetVocabulary },
    },
    nodes: [
      { name: 'sourceEmbedding', layer: embedding({ size: sourceVocabulary, units: width }), inputs: ['source'] },
      { name: 'encoder', layer: layer({ units, direction: 'bidirectional' }), inputs: ['sourceEmbedding'] },
      ...bridges,
      { name: 'targetEmbedding', layer: embedding({ size: targetVocabulary, units: width }), inputs: ['previous'] },
      {
        name: 'decoder',
        layer: layer({ units }),
        inputs: ['targetEmbedding'],
        states: Object.fromEntries(states.map((state) => [`${state}_l0`, `${state}Bridge`])),
      },
      { name: 'context', layer: attention({ score: 'general' }), inputs: ['decoder', 'encoder'] },
      { name: 'joined', layer: concatenate(), inputs: ['decoder', 'context'] },
      { name: 'combined', layer: dense({ units }), inputs: ['joined'] },
      { name: 'squashed', layer: activation('tanh'), inputs: ['combined'] },
      { name: 'words', layer: dense({ units: targetVocabulary }), inputs: ['squashed'] },
    ],
    output: 'words',
  }).compile({ loss: 'softmaxCrossEntropy', optimizer: adam({ learningRate: 1e-3 }), threads });
  const lengths = lengthsOf(problem);
  const [sources, targets] = [numbers(sourceVocabulary), numbers(targetVocabulary)];
  const pairs = lengths.map((length) => {
    const words = targets(length + 1);
    return {
      source: Int32Array.from(sources(length)),
      previous: Int32Array.from(words.slice(0, -1)),
      target: Int32Array.from(words.slice(1)),
    };
  });
  const form = { inputs: { source: { axis: 'source' }, previous: {} }, targets: { target: {} } };
  return stepsOf(
    model,
    packExamples(pairs, form),
    lengths.reduce((sum, length) => sum + length, 0),
  );
}

/** Bidirectional layer over frames, connectionist temporal classification. Tokens: frames. */
export async function transcribe({ problem, threads }) {
  const { cell, inputs, units, classes, framesOfLabel } = problem;
  const model = await sequential([CELLS[cell]({ units, direction: 'bidirectional' }), dense({ units: classes })], {
    features: inputs,
  }).compile({ loss: { kind: 'ctc' }, optimizer: adam({ learningRate: 1e-3 }), threads });
  const lengths = lengthsOf(problem);
  const [frames, labels] = [numbers(2001), numbers(classes - 1)];
  const utterances = lengths.map((length) => ({
    input: Float32Array.from(frames(length * inputs), (value) => value / 1000 - 1),
    target: ctcTarget(
      labels(Math.floor(length / framesOfLabel)).map((label) => label + 1),
      { classes, frames: length },
    ),
  }));
  const form = { inputs: { input: { width: inputs } }, targets: { target: { axis: 'output/labels' } } };
  return stepsOf(
    model,
    packExamples(utterances, form),
    lengths.reduce((sum, length) => sum + length, 0),
  );
}
