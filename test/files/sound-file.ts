/** Sound files for tests. */
import { writeFileSync } from 'node:fs';

/** The bytes of a WAV file of whole numbers of 16 bits. @param channels samples of each, within [-1, 1] */
export function wavBytes(channels: readonly Float32Array[], sampleRate: number): Buffer {
  const [first] = channels as readonly [Float32Array];
  const frameBytes = 2 * channels.length;
  const bytes = Buffer.alloc(44 + first.length * frameBytes);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(channels.length, 22);
  bytes.writeUInt32LE(sampleRate, 24);
  bytes.writeUInt32LE(sampleRate * frameBytes, 28);
  bytes.writeUInt16LE(frameBytes, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(first.length * frameBytes, 40);
  for (const [channel, samples] of channels.entries()) {
    for (const [at, sample] of samples.entries()) {
      const value = Math.max(-32768, Math.min(32767, Math.round(sample * 32768)));
      bytes.writeInt16LE(value, 44 + at * frameBytes + channel * 2);
    }
  }
  return bytes;
}

/** Writes a WAV file of one channel. */
export function writeWav(path: string, samples: Float32Array, sampleRate = 8000): void {
  writeFileSync(path, wavBytes([samples], sampleRate));
}
