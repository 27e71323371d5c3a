/** Where someone speaks, by silero-vad: node examples/interchange/speech.mjs silero_vad.onnx SOUND.wav (16 kHz) */
import { readWav } from 'bptt/data';
import { importModel } from 'bptt/interchange';

const [file = 'silero_vad.onnx', sound = 'speech.wav'] = process.argv.slice(2);
const { channels, sampleRate } = await readWav(sound);
const [samples] = channels;
if (sampleRate !== 16000) throw new Error(`'${sound}' has ${sampleRate} samples a second, expected 16000`);
// A call reads 512 new samples behind the 64 before them. Its state becomes that of the stream.
const options = { constants: { sr: 16000 }, axes: { input: ['step', 576] }, threads: 1 };
const { model } = await importModel(file, options);
const stream = model.stream(); // one for each speaker: all share the weights
const window = new Float32Array(576);
for (let at = 0; at + 512 <= samples.length; at += 512) {
  window.copyWithin(0, 512);
  window.set(samples.subarray(at, at + 512), 64);
  const [probability] = stream.step(window);
  console.log((at / 16000).toFixed(3), probability.toFixed(6));
}
