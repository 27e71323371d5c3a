/** Speech to text while the sound is still arriving. */
import { ShapeError } from '../../../core/errors.js';
import type { JsonValue } from '../../../core/json.js';
import { describeValue } from '../../../core/options.js';
import { isFloat32Array } from '../../../core/typed-array.js';
import { TranscriptSymbols } from '../../../data/transcript-symbols.js';
import { CtcGreedyStream } from '../../../decoding/ctc-greedy-stream.js';
import type { Model } from '../../../model/model.js';
import type { TaskContext, TaskStream } from '../../definition/task.js';
import type { TranscribeSaved } from './transcribe-data.js';
import type { TRANSCRIBE_OPTIONS } from './transcribe-options.js';
import { SoundEncoder } from './transcribe-sound.js';

/** A symbol of a stream of sound, the whole text up to it, and the seconds of sound before it. */
export type StreamedSymbol = { readonly symbol: string; readonly text: string; readonly seconds: number };

/**
 * Reads samples as they arrive and returns each symbol as soon as it is on the most likely path: `symbol`, the whole
 * `text` up to it, and the `seconds` of sound before it. Together this is the greedy decoding of the whole sound.
 *
 * @throws {UsageError} `not_streamable` for a network that reads later steps
 */
export function streamText(
  model: Model,
  { options, saved }: TaskContext<typeof TRANSCRIBE_OPTIONS, TranscribeSaved>,
): TaskStream<StreamedSymbol> {
  const network = model.stream();
  const symbols = new TranscriptSymbols(options.symbols, saved.symbols);
  const encoder = new SoundEncoder(options, saved.sound);
  const rowsOf = encoder.stream();
  const decoder = new CtcGreedyStream();
  const labels: number[] = [];
  const read = (samples: Float32Array, isEnd: boolean): StreamedSymbol[] => {
    const found: StreamedSymbol[] = [];
    for (const row of rowsOf(samples, isEnd)) {
      for (const { label, begin } of decoder.push({ scores: network.step(row), classes: symbols.classes })) {
        labels.push(label);
        found.push({
          symbol: symbols.decode([label]),
          text: symbols.decode(labels),
          seconds: begin * encoder.stepSeconds,
        });
      }
    }
    return found;
  };
  return {
    pieces: 'sound',
    async push(piece) {
      return read(requireSamples(piece), false);
    },
    async end() {
      return read(new Float32Array(0), true);
    },
    close() {
      network.close();
    },
  };
}

function requireSamples(piece: JsonValue | Float32Array): Float32Array {
  if (isFloat32Array(piece)) return piece;
  const message = `a piece of sound must be a Float32Array of samples, got ${describeValue(piece)}`;
  throw new ShapeError('rank_mismatch', message, { name: 'piece' });
}
