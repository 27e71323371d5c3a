import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { joinClips, samplesIn, soundOf, stringExamples } from '../../src/data/joined-clips.js';
import { TranscriptSymbols } from '../../src/data/transcript-symbols.js';
import { readClips, readMono, readTranscripts } from '../../src/files/transcripts.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { wavBytes, writeWav } from './sound-file.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

function table(lines: readonly string[], directory = temporaryDirectory()): string {
  const path = join(directory, 'table.csv');
  writeFileSync(path, lines.join('\n'));
  return path;
}

describe('a table of transcripts', () => {
  it('has files beside it, texts, and as it likes speakers, parts and whatever else', async () => {
    const path = table(['part,text,file,note', 'test,"yes,  no",a/b.wav,x', '', 'training, one ,/c.wav,y']);
    const place = (line: number) => ({ file: path, line });
    expect(await readTranscripts(path)).toEqual([
      { file: join(path, '../a/b.wav'), text: 'yes, no', speaker: undefined, part: 'test', place: place(2) },
      { file: '/c.wav', text: 'one', speaker: undefined, part: 'training', place: place(4) },
    ]);
    const [first] = await readTranscripts(table(['file,text,speaker', 'a.wav,b,me']));
    expect(first).toMatchObject({ speaker: 'me', part: undefined });
  });

  it('is written as other tables are', async () => {
    const recognised = await readTranscripts(table(['file;text', 'a.wav;yes, no']));
    expect(recognised).toMatchObject([{ text: 'yes, no' }]);
    const path = join(temporaryDirectory(), 'table.csv');
    writeFileSync(path, Buffer.from("# list\nfile;text\na.wav;'grün'\n", 'latin1'));
    const format = { encoding: 'latin1', comment: '#', quote: "'" };
    expect(await readTranscripts(path, format)).toMatchObject([{ text: 'grün', place: { line: 3 } }]);
    await expect(readTranscripts(path, { sign: ';' } as never)).rejects.toThrow(code('unknown_option'));
  });

  it.each<[string, readonly string[], RegExp]>([
    ['without a column', ['file,words', 'a.wav,b'], /line 1, header: expected a column 'text'/],
    ['with a column twice', ['file,text,part,part', 'a.wav,b,test,test'], /line 1, header: expected one column 'part'/],
    ['with a row that is too short', ['file,text', 'a.wav,b', 'c.wav'], /line 3: expected 2 fields, found 1/],
    ['without a text', ['file,text', 'a.wav, '], /line 2, column 'text': expected a text, found nothing/],
    ['without a speaker', ['file,text,speaker', 'a.wav,b,'], /line 2, column 'speaker'/],
    [
      'with another part',
      ['file,text,part', 'a.wav,b,dev'],
      /line 2, column 'part': expected one of training, .* 'dev'/,
    ],
  ])('%s is refused by its row', async (_name, lines, message) => {
    await expect(readTranscripts(table(lines))).rejects.toThrow(code('invalid_row'));
    await expect(readTranscripts(table(lines))).rejects.toThrow(message);
  });

  it('without rows is refused', async () => {
    await expect(readTranscripts(table(['file,text']))).rejects.toThrow(code('empty_data'));
  });
});

describe('the clips of a table', () => {
  it('are read as one channel, at one rate', async () => {
    const directory = temporaryDirectory();
    const samples = Float32Array.of(0.5, -0.25, 0);
    writeWav(join(directory, 'a.wav'), samples);
    writeFileSync(join(directory, 'b.wav'), wavBytes([samples, Float32Array.of(0, 0.25, 0.5)], 8000));
    const clips = readClips(await readTranscripts(table(['file,text', 'a.wav,x', 'b.wav,y'], directory)));
    expect(clips.map((clip) => [...clip.samples])).toEqual([
      [0.5, -0.25, 0],
      [0.25, 0, 0.25],
    ]);
    expect(() => readMono(join(directory, 'a.wav'), 16000)).toThrow(code('file_unsupported'));
  });

  it.each<[string, (path: string) => void, RegExp]>([
    ['that is not there', () => undefined, /line 3: cannot read '.*b\.wav'/],
    [
      'that is cut off',
      (path) => writeFileSync(path, wavBytes([new Float32Array(9)], 8000).subarray(0, 50)),
      /line 3: /,
    ],
    ['of another rate', (path) => writeWav(path, new Float32Array(9), 16000), /line 3: .*16000.*expected 8000/],
  ])('%s are refused by their rows', async (_name, write, message) => {
    const directory = temporaryDirectory();
    writeWav(join(directory, 'a.wav'), new Float32Array(9));
    write(join(directory, 'b.wav'));
    const rows = await readTranscripts(table(['file,text', 'a.wav,x', 'b.wav,y'], directory));
    expect(() => readClips(rows)).toThrow(code('invalid_row'));
    expect(() => readClips(rows)).toThrow(message);
  });
});

describe('symbols of transcripts', () => {
  it('are words or characters, with labels from 1 on', () => {
    const words = TranscriptSymbols.of('words', ['no yes', 'maybe no']);
    expect(words.symbols).toEqual(['maybe', 'no', 'yes']);
    expect([...words.encode('yes  no')]).toEqual([3, 2]);
    expect([words.decode([3, 2]), words.decode([]), words.classes]).toEqual(['yes no', '', 4]);
    const characters = TranscriptSymbols.of('characters', ['ab', 'b😀', ' ']);
    expect([...characters.encode('😀 a')]).toEqual([4, 1, 2]);
    expect(characters.decode([4, 1, 2])).toBe('😀 a');
  });

  it('name what the training texts have not', () => {
    const words = TranscriptSymbols.of('words', ['no']);
    expect(() => words.encode('no yes')).toThrow(code('unknown_symbol'));
    expect(() => words.encode('no yes')).toThrow(/"yes" at position 1/);
  });
});

describe('joined clips', () => {
  const clip = (speaker: string | undefined, at: number) => ({
    ...{ samples: new Float32Array(10 + at).fill(at + 1), text: `${speaker ?? 'all'}${at}`, speaker },
  });
  const clips = ['a', 'b'].flatMap((speaker) => Array.from({ length: 5 }, (_, at) => clip(speaker, at)));
  const options = { count: 30, fewest: 1, most: 4, silence: 6, perturb: 0, seed: 1, part: 'training' };

  it('are of one speaker, as many as asked for, with silence between them', () => {
    const strings = joinClips(clips, options);
    expect(new Set(strings.map((string) => string.clips.length))).toEqual(new Set([1, 2, 3, 4]));
    for (const string of strings) {
      expect(new Set(string.clips.map(({ speaker }) => speaker)).size).toBe(1);
      const sound = soundOf(string);
      expect(sound).toHaveLength(samplesIn(string));
      const expected = string.clips.flatMap(({ samples }, at) => [
        ...samples,
        ...new Array(string.gaps[at] ?? 0).fill(0),
      ]);
      expect([...sound]).toEqual(expected);
    }
  });

  it('begin with every clip equally often over the epochs', () => {
    const counts = new Map<string, number>();
    for (let epoch = 0; epoch < 3; epoch++) {
      for (const {
        clips: [first],
      } of joinClips(clips, options, epoch)) {
        counts.set(first?.text as string, (counts.get(first?.text as string) ?? 0) + 1);
      }
    }
    expect([...counts.values()]).toEqual(new Array(10).fill(9));
  });

  it('are a function of seed, part, epoch and number', () => {
    const texts = (more: object, epoch?: number) =>
      joinClips(clips, { ...options, ...more }, epoch).map((string) => string.clips.map(({ text }) => text).join(' '));
    expect(texts({}, 1)).toEqual(texts({}, 1));
    for (const other of [texts({}, 2), texts({ seed: 2 }, 1), texts({ part: 'test' }, 1), texts({})]) {
      expect(other).not.toEqual(texts({}, 1));
    }
  });

  it('have the lengths that they promise, changed or not, and stay the same where they are fixed', async () => {
    for (const perturb of [0, 1]) {
      const stepsOf = (samples: number) => samples;
      const make = (isFixed: boolean) =>
        stringExamples(clips, { ...options, perturb, isFixed }, stepsOf, (joined) => joined);
      const fixed = make(true);
      expect(fixed.inEpoch).toBeUndefined();
      const drawn = make(false).inEpoch?.({ seed: 1, epoch: 3 });
      for (const examples of [fixed, drawn]) {
        const read = (await examples?.read(Int32Array.of(4, 2))) ?? [];
        expect(read.map(({ samples }) => samples.length)).toEqual([examples?.lengthOf(4), examples?.lengthOf(2)]);
        expect(await examples?.read(Int32Array.of(4, 2))).toEqual(read);
      }
    }
  });
});
