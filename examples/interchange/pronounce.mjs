/** English spelling to phonemes by github.com/Kyubyong/g2p: node examples/interchange/pronounce.mjs checkpoint20.npz WORD... */
import { dense, embedding, gru, network, packExamples } from 'bptt';
import { beamSearch } from 'bptt/decoding';
import { importModel } from 'bptt/interchange';

const [file = 'checkpoint20.npz', ...words] = process.argv.slice(2);
const vowels = 'AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW'.split(' ').flatMap((v) => [`${v}0`, `${v}1`, `${v}2`]);
const phonemes = [...vowels, ...'UW B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH'.split(' ')].sort();
/** @type {Record<string, import('bptt').InputDescription>} */
const inputs = { letters: { kind: 'indices', size: 29, axis: 'letters' }, before: { kind: 'indices', size: 74 } };
const nodes = [
  { name: 'letter', layer: embedding({ size: 29, units: 256 }), inputs: ['letters'] },
  { name: 'enc', layer: gru({ units: 256 }), inputs: ['letter'] },
  { name: 'phoneme', layer: embedding({ size: 74, units: 256 }), inputs: ['before'] },
  { name: 'dec', layer: gru({ units: 256 }), inputs: ['phoneme'], states: { h_l0: 'enc.h_l0' } },
  { name: 'fc', layer: dense({ units: 74 }), inputs: ['dec'] },
];
const map = { enc_emb: 'letter.weight', dec_emb: 'phoneme.weight', fc_w: 'fc.weight', fc_b: 'fc.bias' };
for (const name of ['enc', 'dec'])
  for (const part of ['w_ih', 'w_hh', 'b_ih', 'b_hh'])
    map[`${name}_${part}`] = `${name}.${part.replace('w', 'weight').replace('b_', 'bias_')}_l0`;
const { model } = await importModel(file, { network: network({ inputs, nodes, output: 'fc' }), map });
// Letters are 3 and more, and end with 2; phonemes are 4 and more, between 2 and 3.
const codes = (word) => Int32Array.from([...Buffer.from(word)].map((code) => code - 94).concat(2));
const examples = words.map((word) => ({ letters: codes(word), before: Int32Array.of(2) }));
const batch = packExamples(examples, { inputs: { letters: { axis: 'letters' }, before: {} }, targets: {} });
const { step, sentences } = await model.decoder(batch, { input: 'before' });
const found = await beamSearch(step, { vocabulary: 74, begin: 2, end: 3, beams: 1, maxLength: 20, sentences });
const spoken = found.map(([{ symbols }]) => Array.from(symbols, (id) => phonemes[id - 4]).join(' '));
for (const [at, word] of words.entries()) console.log(word, spoken[at]);
