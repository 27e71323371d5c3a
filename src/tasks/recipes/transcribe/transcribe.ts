/** Speech to text: a recurrent stack over frames of sound, and connectionist temporal classification. */

import { packExamples } from '../../../batch/example-packing.js';
import { TranscriptSymbols } from '../../../data/transcript-symbols.js';
import { sequential } from '../../../model/network.js';
import { dense, dropout } from '../../../network/layers/dense.js';
import { bodyStructures } from '../../building-blocks/body-structures.js';
import { startFromFrequencies } from '../../building-blocks/output-biases.js';
import { recurrentBody } from '../../building-blocks/recurrent-body.js';
import { weightTarget } from '../../building-blocks/row-weights.js';
import { defineTask } from '../../definition/define-task.js';
import { TABLE_USAGE } from '../../definition/table-options.js';
import { TRANSCRIBE } from '../defaults/transcribe.js';
import { labelCounts } from './transcribe-bias.js';
import { readOther, readTraining } from './transcribe-data.js';
import { measureErrors, measureQuickly, transcribeAll } from './transcribe-decoding.js';
import { settleTranscription } from './transcribe-defaults.js';
import { maskFeatures } from './transcribe-masks.js';
import { TRANSCRIBE_OPTIONS } from './transcribe-options.js';
import { textRules } from './transcribe-rules.js';
import { decodedErrorRate, describeErrors } from './transcribe-scores.js';
import { SoundEncoder } from './transcribe-sound.js';
import { readSounds } from './transcribe-sources.js';
import { streamText } from './transcribe-stream.js';

/** Transcription of speech. */
export const transcribe = defineTask({
  name: 'transcribe',
  summary: 'speech to text, from recordings and transcripts that need no times',
  structures: bodyStructures,
  options: TRANSCRIBE_OPTIONS,
  usage: ['featureMemory', 'beams', 'nBest', 'languageModel', 'lmWeight', 'insertionBonus', ...TABLE_USAGE],
  read: readTraining,
  readExamples: readOther,
  loss: ({ weight }) => ({ kind: 'ctc', ...(weight !== undefined && { weights: 'sequence' }) }),

  packing(given, { sound }) {
    const { width } = new SoundEncoder(given, sound);
    const targets = { target: { field: 'labels', axis: 'output/labels' }, ...weightTarget(given.weight) };
    return { pack: (examples) => packExamples(examples, { inputs: { input: { width } }, targets }) };
  },

  network(given, { sound, symbols }) {
    const { inputDropout: rate } = given;
    const { classes } = new TranscriptSymbols(given.symbols, symbols);
    const noise = rate > 0 ? [dropout({ rate })] : [];
    const layers = [...noise, ...recurrentBody(given, 'none'), dense({ units: classes })];
    return sequential(layers, { features: new SoundEncoder(given, sound).width });
  },

  prepare(batch, _model, { mask, seed, epochs, stack }, { step, epoch }) {
    const strength = mask * Math.min(1, epoch / Math.max(1, epochs * TRANSCRIBE.maskGrowth.value));
    return maskFeatures(batch, 'input', { strength, frames: stack, seed, step });
  },

  evaluate: measureErrors,
  evaluateQuickly: measureQuickly,
  score: decodedErrorRate,
  describe: describeErrors,

  naiveRules: (data) => textRules(data),

  settle: (given, { training, validation }) => settleTranscription(given, training, validation !== undefined),

  initialize(model, { training, saved }, given) {
    startFromFrequencies(model, 'dense', labelCounts(training, new TranscriptSymbols(given.symbols, saved.symbols)));
  },

  readInputs: readSounds,
  predict: transcribeAll,
  stream: streamText,
});
