import { columnConvolution, operation } from '../../src/entries/operations.js';
import { activation, lstm, type NodeDescription, network } from '../../src/index.js';

const columns = (count: number, of: (at: number) => number) =>
  operation('permuteColumns', { order: Array.from({ length: count }, (_, at) => of(at)) });

const half = (first: number) => columns(516, (at) => Math.floor(at / 129) * 258 + first + (at % 129));
const square = operation('power', { number: 2 });

const convolution = (units: number, channels: number, stride: number) =>
  columnConvolution({ units, channels, kernelSize: 3, stride, padding: [1, 1] });

type Row = readonly [name: string, layer: NodeDescription['layer'], ...inputs: string[]];

const ROWS: readonly Row[] = [
  ['padded', columns(640, (at) => (at < 576 ? at : 1150 - at))], // 64 samples mirrored behind the window
  ['stft_conv', columnConvolution({ units: 258, channels: 1, kernelSize: 256, stride: 128, bias: false })],
  ['real', half(0), 'stft_conv'],
  ['real_squared', square],
  ['imaginary', half(129), 'stft_conv'],
  ['imaginary_squared', square],
  ['power', operation('add'), 'real_squared', 'imaginary_squared'],
  ['magnitude', operation('sqrt')],
  ['conv1', convolution(128, 129, 1)],
  ['relu1', activation('relu')],
  ['conv2', convolution(64, 128, 2)],
  ['relu2', activation('relu')],
  ['conv3', convolution(64, 64, 2)],
  ['relu3', activation('relu')],
  ['conv4', convolution(128, 64, 1)],
  ['relu4', activation('relu')],
  ['lstm_cell', lstm({ units: 128 })],
  ['relu5', activation('relu')],
  ['final_conv', columnConvolution({ units: 1, channels: 128, kernelSize: 1 })],
  ['speech', activation('sigmoid')],
];

/** The network of silero-vad at 16 kHz around the tensors of its safetensors file: 576 samples a step. */
export const speechNetwork = network({
  inputs: { input: { kind: 'features', units: 576 } },
  nodes: ROWS.map(([name, layer, ...inputs], at) => ({
    name,
    layer,
    inputs: inputs.length > 0 ? inputs : [ROWS[at - 1]?.[0] ?? 'input'],
  })),
  output: 'speech',
});
