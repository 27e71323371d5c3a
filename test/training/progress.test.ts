import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  formatBar,
  lineProgress,
  type ProgressStatus,
  progressOn,
  terminalProgress,
} from '../../src/training/progress.js';
import { formatCount, formatDuration, formatLoss } from '../../src/training/progress-text.js';
import { RunLog } from '../../src/training/run-log.js';
import { Throughput } from '../../src/training/throughput.js';

const status: ProgressStatus = {
  step: 50,
  totalSteps: 200,
  epoch: 2,
  epochs: 4,
  loss: 1.23456,
  tokensPerSecond: 152_345,
  secondsLeft: 83.2,
};

class FakeStream {
  text = '';
  readonly isTTY: boolean;
  readonly columns = 100;

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(text: string): boolean {
    this.text += text;
    return true;
  }
}

describe('numbers for people', () => {
  it.each([
    [0, '0:00'],
    [0.2, '0:01'],
    [59.5, '1:00'],
    [83, '1:23'],
    [3599.5, '1:00:00'],
    [3723, '1:02:03'],
    [360_000, '100:00:00'],
    [Number.POSITIVE_INFINITY, '?'],
  ])('%d seconds read %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));

  it.each([
    [0, '0'],
    [999, '999'],
    [999.6, '1.00k'],
    [1250, '1.25k'],
    [9996, '10.0k'],
    [152_345, '152k'],
    [999_600, '1.00M'],
    [3.4e9, '3.40G'],
  ])('%d reads %s', (value, text) => expect(formatCount(value)).toBe(text));

  it.each([
    [1.23456, '1.2346'],
    [0, '0.0000'],
    [0.00012345, '1.234e-4'],
    [123456, '1.235e+5'],
  ])('a loss of %d reads %s', (loss, text) => expect(formatLoss(loss)).toBe(text));
});

describe('the bar', () => {
  it('shows epoch, step, loss, speed and time left', () => {
    const line = formatBar(status, 120);
    expect(line).toContain('epoch 2/4  step 50/200  loss 1.2346  152k tokens/s  1:24 left');
    expect(line.startsWith('████████░░░░░░░░░░░░░░░░░░░░░░  epoch')).toBe(true);
  });

  it.each([10, 40, 66, 67, 71, 72, 80, 100, 200])('fits a terminal of %d columns', (width) => {
    expect(formatBar(status, width).length).toBeLessThan(width);
  });

  it('leaves out speed and step, whole, where there is little room', () => {
    expect(formatBar(status, 66)).toBe('epoch 2/4  step 50/200  loss 1.2346  152k tokens/s  1:24 left');
    expect(formatBar(status, 60)).toMatch(/^█+░+ {2}epoch 2\/4 {2}step 50\/200 {2}loss 1\.2346 {2}1:24 left$/);
    expect(formatBar(status, 40)).toMatch(/epoch 2\/4 {2}loss 1\.2346 {2}1:24 left$/);
  });

  it('leaves out what is not known', () => {
    const unknown = { ...status, totalSteps: undefined, epochs: undefined, loss: undefined, secondsLeft: undefined };
    expect(formatBar({ ...unknown, tokensPerSecond: 0 }, 80)).toBe('epoch 2  step 50');
  });
});

describe('progress', () => {
  it('is a bar on a terminal, restores the cursor and keeps the notes', () => {
    const stream = new FakeStream(true);
    const progress = progressOn(stream);
    progress.begin({ ...status, step: 0 });
    progress.note('epoch 1  validation loss 2.0000');
    progress.update({ ...status, step: 200 });
    progress.end();
    expect(stream.text).toContain('epoch 1  validation loss 2.0000\n');
    expect(stream.text).toContain('step 200/200');
    expect(stream.text).toContain('\x1b[?25l');
    expect(stream.text.lastIndexOf('\x1b[?25h')).toBeGreaterThan(stream.text.lastIndexOf('\x1b[?25l'));
    expect(stream.text.lastIndexOf('\x1b[?7h')).toBeGreaterThan(stream.text.lastIndexOf('\x1b[?7l'));
  });

  it('leaves no listeners for signals and no timer behind', () => {
    const listeners = process.listenerCount('SIGINT');
    const timers = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const progress = terminalProgress(new FakeStream(true));
    progress.begin(status);
    expect(process.listenerCount('SIGINT')).toBe(listeners);
    progress.end();
    progress.end();
    expect(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length).toBe(timers);
  });

  it('is plain lines elsewhere, one every so often', () => {
    const stream = new FakeStream(false);
    let now = 0;
    const progress = lineProgress(stream, { intervalMs: 1000, now: () => now });
    progress.begin(status);
    for (now = 100; now <= 2500; now += 100) progress.update({ ...status, step: now });
    progress.note('done');
    progress.end();
    expect(stream.text.split('\n')).toEqual([
      expect.stringContaining('step 1000/200'),
      expect.stringContaining('step 2000/200'),
      'done',
      '',
    ]);
    expect(stream.text).not.toContain('\x1b');
  });

  it('chooses lines where there is no terminal', () => {
    const stream = new FakeStream(false);
    const progress = progressOn(stream);
    progress.begin(status);
    progress.note('a note');
    progress.end();
    expect(stream.text).toBe('a note\n');
  });
});

describe('the time that is left', () => {
  afterEach(() => void vi.restoreAllMocks());

  /** Epochs of four steps of a second each, with other time before each step and once in an epoch. */
  function leftAfter(steps: number, idle: { readonly perStep: number; readonly perEpoch: number }) {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now * 1000);
    const seen: ProgressStatus[] = [];
    const progress = { begin() {}, update: (status: ProgressStatus) => void seen.push(status), note() {}, end() {} };
    const log = new RunLog(undefined, progress, { totalSteps: 12, epochs: 3 });
    for (let step = 0; step < steps; step++) {
      now += 1 + idle.perStep + (step % 4 === 0 ? idle.perEpoch : 0);
      log.step(step + 1, 1 + Math.floor(step / 4), 1, 10, 1);
    }
    return seen.at(-1)?.secondsLeft;
  }

  it('counts what takes time between the steps', () => {
    expect(leftAfter(4, { perStep: 0, perEpoch: 0 })).toBeCloseTo(8, 10);
    expect(leftAfter(4, { perStep: 2, perEpoch: 0 })).toBeCloseTo(24, 10);
    expect(leftAfter(12, { perStep: 2, perEpoch: 5 })).toBe(0);
  });

  it('counts what takes time once in an epoch, when an epoch has passed', () => {
    expect(leftAfter(4, { perStep: 0, perEpoch: 20 })).toBeCloseTo(8, 10);
    for (const steps of [5, 6, 8])
      expect(leftAfter(steps, { perStep: 0, perEpoch: 20 })).toBeCloseTo((12 - steps) * 6, 10);
  });
});

describe('throughput', () => {
  it('is tokens over seconds', () => {
    const throughput = new Throughput();
    expect(throughput.tokensPerSecond).toBe(0);
    expect(throughput.secondsFor(5)).toBeUndefined();
    for (let step = 0; step < 5; step += 1) throughput.record(100, 0.5);
    expect(throughput.tokensPerSecond).toBeCloseTo(200, 10);
    expect(throughput.secondsFor(4)).toBeCloseTo(2, 10);
  });

  it('follows a change of speed', () => {
    const throughput = new Throughput();
    for (let step = 0; step < 100; step += 1) throughput.record(100, 1);
    for (let step = 0; step < 60; step += 1) throughput.record(100, 0.5);
    expect(throughput.tokensPerSecond).toBeGreaterThan(190);
    expect(throughput.tokensPerSecond).toBeLessThan(200);
  });
});
