import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Checkpoint,
  loadCheckpoint,
  loadCheckpointSync,
  readCheckpointMetadata,
  saveCheckpoint,
  saveCheckpointSync,
} from '../../src/checkpoint/checkpoint.js';
import { isTemporaryName, temporaryPath } from '../../src/checkpoint/file-transfer.js';
import { writeSafetensorsSync } from '../../src/checkpoint/safetensors.js';
import { CheckpointError } from '../../src/core/errors.js';
import type { JsonObject } from '../../src/core/json.js';
import { temporaryDirectory } from './temporary-directory.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

function sample(fill = 1): Checkpoint {
  return {
    tensors: new Map([
      ['lstm.W', { shape: [2, 3], data: Float32Array.from({ length: 6 }, (_, index) => fill / (index + 1)) }],
      ['adam.m/lstm.W', { shape: [2, 3], data: new Float32Array(6).fill(fill) }],
    ]),
    metadata: {
      step: 123,
      cursor: { epoch: 1, window: 7 },
      rate: 0.1 + 0.2,
      text: 'größer "bptt_sha256":"x"\u2028\ud800',
      list: [null, true],
    },
  };
}

describe('a checkpoint', () => {
  it('comes back exactly, written and read on either thread', async () => {
    const directory = temporaryDirectory();
    const checkpoint = sample();
    await saveCheckpoint(join(directory, 'a'), checkpoint);
    saveCheckpointSync(join(directory, 'b'), checkpoint);
    expect(readFileSync(join(directory, 'a'))).toEqual(readFileSync(join(directory, 'b')));
    for (const loaded of [await loadCheckpoint(join(directory, 'b')), loadCheckpointSync(join(directory, 'a'))]) {
      expect(loaded.metadata).toEqual(checkpoint.metadata);
      expect([...loaded.tensors.keys()].sort()).toEqual([...checkpoint.tensors.keys()].sort());
      for (const [name, { shape, data }] of checkpoint.tensors)
        expect(loaded.tensors.get(name)).toEqual({ dtype: 'F32', shape, data });
    }
    expect(await readCheckpointMetadata(join(directory, 'a'))).toEqual(checkpoint.metadata);
    expect(readdirSync(directory).sort()).toEqual(['a', 'b']);
  });

  it('keeps the bits of every number, NaN payloads, infinities and negative zero included', () => {
    const path = join(temporaryDirectory(), 'bits');
    const bits = Uint32Array.of(0x7fc00001, 0xff800000, 0x80000000, 0x00000001, 0x7f7fffff);
    saveCheckpointSync(path, {
      tensors: new Map([['x', { shape: [5], data: new Float32Array(bits.buffer) }]]),
      metadata: {},
    });
    expect(new Uint32Array(loadCheckpointSync(path).tensors.get('x')?.data.buffer as ArrayBuffer)).toEqual(bits);
  });

  it('holds the SHA-256 of its file, with zeros in the place of the checksum', () => {
    const path = join(temporaryDirectory(), 'sum');
    saveCheckpointSync(path, sample());
    const text = readFileSync(path).toString('latin1');
    const digits = /"bptt_sha256":"([0-9a-f]{64})"/.exec(text)?.[1] as string;
    const blanked = Buffer.from(text.replace(digits, '0'.repeat(64)), 'latin1');
    expect(createHash('sha256').update(blanked).digest('hex')).toBe(digits);
  });

  it('is refused when a single bit of its length, header, metadata or data has changed, wherever it is', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'whole');
    saveCheckpointSync(path, sample());
    const original = readFileSync(path);
    const bit = fc.record({ at: fc.nat(original.length - 1), bit: fc.nat(7), isSync: fc.boolean() });
    const isFound = fc.asyncProperty(bit, async ({ at, bit, isSync }) => {
      const changed = Buffer.from(original);
      changed[at] = (changed[at] as number) ^ (1 << bit);
      writeFileSync(path, changed);
      const read = async () => (isSync ? loadCheckpointSync(path) : loadCheckpoint(path));
      await expect(read()).rejects.toThrow(CheckpointError);
    });
    await fc.assert(isFound, { numRuns: 400, examples: [[{ at: original.length - 1, bit: 0, isSync: true }]] });
  });

  it('is read with a changed weight, or without a checksum, where it is not to be verified', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'changed');
    saveCheckpointSync(path, sample());
    const changed = readFileSync(path);
    changed[changed.length - 1] = (changed.at(-1) as number) ^ 1;
    writeFileSync(path, changed);
    expect(() => loadCheckpointSync(path)).toThrow(code('checkpoint_corrupt'));
    const loaded = loadCheckpointSync(path, { verify: false });
    expect(loaded.metadata).toEqual(sample().metadata);
    expect([...loaded.tensors.values()].flatMap(({ data }) => [...data])).not.toEqual(
      [...sample().tensors.values()].flatMap(({ data }) => [...data]),
    );
    const none = join(directory, 'none');
    writeSafetensorsSync(
      none,
      sample().tensors,
      new Map([
        ['bptt_format', '1'],
        ['bptt', '{}'],
      ]),
    );
    await expect(loadCheckpoint(none)).rejects.toThrow('its checksum is missing');
    expect((await loadCheckpoint(none, { verify: false })).metadata).toEqual({});
    await expect(loadCheckpoint(none, { verify: 1 as never })).rejects.toThrow(code('invalid_option'));
    await expect(loadCheckpoint(none, { check: true } as never)).rejects.toThrow(code('unknown_option'));
  });

  it('is refused when any single byte of it has changed', () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'whole');
    saveCheckpointSync(path, sample());
    const original = readFileSync(path);
    const accepted: number[] = [];
    for (let at = 0; at < original.length; at++) {
      const changed = Buffer.from(original);
      changed[at] = (changed[at] as number) ^ 0x01;
      writeFileSync(join(directory, 'changed'), changed);
      try {
        loadCheckpointSync(join(directory, 'changed'));
        accepted.push(at);
      } catch (error) {
        expect(['checkpoint_corrupt', 'checkpoint_truncated', 'checkpoint_mismatch']).toContain(
          (error as { code: string }).code,
        );
      }
    }
    expect(accepted).toEqual([]);
  });

  it('is truncated at every length but its own', () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'whole');
    saveCheckpointSync(path, sample());
    const original = readFileSync(path);
    for (let length = 0; length < original.length; length += 7) {
      writeFileSync(join(directory, 'cut'), original.subarray(0, length));
      expect(() => loadCheckpointSync(join(directory, 'cut'))).toThrow(code('checkpoint_truncated'));
    }
  });

  it('names both checksums when the data has changed', () => {
    const path = join(temporaryDirectory(), 'changed');
    saveCheckpointSync(path, sample());
    const bytes = readFileSync(path);
    bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
    writeFileSync(path, bytes);
    expect(() => loadCheckpointSync(path)).toThrow(/its checksum is [0-9a-f]{64}, it should be [0-9a-f]{64}/);
  });

  it('is told apart from other safetensors files and from newer formats', () => {
    const path = join(temporaryDirectory(), 'other');
    writeSafetensorsSync(path, new Map(), new Map([['format', 'pt']]));
    expect(() => loadCheckpointSync(path)).toThrow('is a safetensors file, but not a checkpoint of bptt');
    expect(() => loadCheckpointSync(path)).toThrow(code('checkpoint_mismatch'));
    const withFormat = (format: string) =>
      writeSafetensorsSync(
        path,
        new Map(),
        new Map([
          ['bptt_format', format],
          ['bptt_sha256', '0'.repeat(64)],
          ['bptt', '{}'],
        ]),
      );
    withFormat('2');
    expect(() => loadCheckpointSync(path)).toThrow(code('checkpoint_too_new'));
    expect(() => loadCheckpointSync(path)).toThrow(
      'has checkpoint format 2, this version of bptt reads formats up to 1: update bptt',
    );
    for (const format of ['0', 'x', '1.5', '-1', '1e3']) {
      withFormat(format);
      expect(() => loadCheckpointSync(path)).toThrow(code('checkpoint_corrupt'));
    }
    writeSafetensorsSync(
      path,
      new Map(),
      new Map([
        ['bptt_format', '1'],
        ['bptt', '{}'],
      ]),
    );
    expect(() => loadCheckpointSync(path)).toThrow('its checksum is missing');
  });

  it('is refused, and the old file kept, when its metadata is not JSON', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'kept');
    saveCheckpointSync(path, sample());
    const before = readFileSync(path);
    for (const metadata of [{ loss: Number.NaN }, { f: () => 1 }, { list: [undefined] }]) {
      const broken = { ...sample(), metadata: metadata as unknown as JsonObject };
      expect(() => saveCheckpointSync(path, broken)).toThrow(code('checkpoint_write_failed'));
      await expect(saveCheckpoint(path, broken)).rejects.toThrow('the metadata of the checkpoint is not JSON');
    }
    expect(readFileSync(path)).toEqual(before);
    expect(readdirSync(directory)).toEqual(['kept']);
  });

  it('leaves the event loop free while a large one is written and read', async () => {
    const path = join(temporaryDirectory(), 'large');
    const tensors = new Map([['x', { shape: [8_000_000], data: new Float32Array(8_000_000).fill(1.5) }]]);
    let turns = 0;
    let isDone = false;
    const count = async () => {
      while (!isDone) {
        await new Promise((resolve) => setImmediate(resolve));
        turns++;
      }
    };
    const counting = count();
    await saveCheckpoint(path, { tensors, metadata: {} });
    await loadCheckpoint(path);
    isDone = true;
    await counting;
    expect(turns).toBeGreaterThan(10); // 32 MB in chunks of 4 MB, both ways
  });
});

describe('temporary names', () => {
  it('are recognised, and no name of a user is', () => {
    const path = temporaryPath(join('a', 'b.safetensors'));
    expect(isTemporaryName(path.slice(2))).toBe(true);
    for (const name of ['b.safetensors', '.hidden', 'x.tmp', '.x.tmp', '.b.1-abc.tmp'])
      expect(isTemporaryName(name)).toBe(false);
  });
});
