import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { loadModel } from '../../src/saved/load-model.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { callBptt } from './call-bptt.js';
import { MAIN, runBptt, startBptt } from './run-bptt.js';
import { smallText } from './small-text.js';
import { endOf, jsonOf, newestStep, SMALL, waitFor, workplace } from './training-run.js';

describe('bptt train lm', () => {
  it.each(['rnn', 'lstm', 'gru'])('trains a %s and gives one JSON value with everything', async (cell) => {
    const { data, run } = workplace();
    const out = run('a');
    const args = ['--data', data, '--out', out, ...SMALL, '--cell', cell, '--epochs', '2', '--json'];
    const result = jsonOf(await callBptt(['train', 'lm', ...args]));
    expect(result).toMatchObject({
      run: out,
      epochs: 2,
      stoppedBy: 'epochs',
      parameters: expect.any(Number),
      trainingLoss: expect.any(Number),
      tokensPerSecond: expect.any(Number),
      seconds: expect.any(Number),
      memory: {
        plannedBytes: expect.any(Number),
        grownBytes: expect.any(Number),
        parameters: expect.any(Number),
        residentBytes: expect.any(Number),
      },
      best: { checkpoint: join(out, 'best.safetensors') },
    });
    const { loss, perplexity, bitsPerToken, tokens } = result['validation'] as Record<string, number>;
    expect(loss).toBeLessThan(Math.log(23));
    expect(perplexity).toBeCloseTo(Math.exp(loss as number), 10);
    expect(bitsPerToken).toBeCloseTo((loss as number) / Math.LN2, 10);
    expect(tokens).toBeGreaterThan(300);
    expect(result['steps']).toBe(newestStep(out));
    expect(existsSync(result['checkpoint'] as string)).toBe(true);
  });

  it('takes options from a file by either name, and the command line overrides them', async () => {
    const { data, run } = workplace();
    const config = run('config.json');
    const options = { data, out: run('a'), embedding: 8, units: 99, layers: 1, batch: 8, steps: 16, epochs: 1 };
    writeFileSync(config, JSON.stringify({ ...options, 'learning-rate': 0.01, clipNorm: 0, schedule: 'cosine' }));
    jsonOf(await callBptt(['train', 'lm', '--config', config, '--units', '12', '--json']));
    const { task, training } = JSON.parse(readFileSync(join(run('a'), 'config.json'), 'utf8'));
    expect(task).toMatchObject({
      units: 12,
      embedding: 8,
      layers: 1,
      learningRate: 0.01,
      schedule: 'cosine:minimum=0',
    });
    expect(training).toMatchObject({ learningRate: 0.01, schedule: { kind: 'cosine' } });
    expect(training).not.toHaveProperty('clipNorm');
  });

  it('trains on words and validates with a file of its own', async () => {
    const { data, run } = workplace();
    const valid = run('valid.txt');
    writeFileSync(valid, smallText(20, 2));
    const args = [
      '--data',
      data,
      '--out',
      run('a'),
      '--valid',
      valid,
      '--level',
      'word',
      ...SMALL,
      '--epochs',
      '3',
      '--json',
    ];
    const result = jsonOf(await callBptt(['train', 'lm', ...args]));
    const evaluated = jsonOf(await callBptt(['eval', run('a'), '--data', valid, '--json']));
    expect((evaluated['metrics'] as { loss: number }).loss).toBeCloseTo((result['best'] as { loss: number }).loss, 5);
    const { stdout } = await callBptt(['sample', run('a'), '--length', '60']);
    expect(stdout).toMatch(/^[a-z]+\.?( [a-z]+\.?)*\n[a-z]/);
    expect(stdout).not.toMatch(/ \n|\n /);
  });

  it('without validation has no best checkpoint', async () => {
    const { data, run } = workplace();
    const args = ['--data', data, '--out', run('a'), '--valid', '0', ...SMALL, '--epochs', '1'];
    const result = jsonOf(await callBptt(['train', 'lm', ...args, '--json']));
    expect(result).toMatchObject({ validation: null, best: null });
    expect((await callBptt(['eval', run('a'), '--data', data])).stdout).toMatch(/symbols\nloss \d/);
  });

  it('writes plain lines to standard error and the result to standard output', async () => {
    const { data, run } = workplace();
    const args = ['--data', data, '--out', run('a'), ...SMALL, '--epochs', '2'];
    const { stdout, stderr, status } = await runBptt(['train', 'lm', ...args]);
    expect(status).toBe(0);
    expect(stderr).toMatch(
      /^lm: 2x16 lstm, .* 1 thread\n(?: {2}--[a-z-]+ [\w.]+ {2}\(.+\)\n)+epoch 1 {2}training loss .*\nepoch 2 {2}training loss [^\n]*\nweights of the last step [^\n]*\n$/,
    );
    expect(stdout).toMatch(/^run +\S+\nsteps +\d+ \(2 epochs\)\n/);
  });

  it('refuses a run that exists, and a resume with other settings, and leaves the run alone', async () => {
    const { data, run } = workplace();
    const args = ['train', 'lm', '--data', data, '--out', run('a'), ...SMALL, '--epochs', '1'];
    await callBptt(args);
    const before = await endOf(run('a'));
    const again = await callBptt(args);
    expect([again.status, again.stderr]).toEqual([2, expect.stringMatching(/^bptt: error \[run_exists\]/)]);
    const other = await callBptt([...args, '--resume', '--units', '32']);
    expect([other.status, other.stderr]).toEqual([
      2,
      expect.stringMatching(/\[configuration_mismatch\].*16 there and 32 here/),
    ]);
    writeFileSync(data, smallText(300, 5));
    const text = await callBptt(['train', 'lm', '--out', run('a'), '--resume', '--epochs', '2']);
    expect([text.status, text.stderr]).toEqual([
      2,
      expect.stringMatching(/\[configuration_mismatch\]: the data have changed.*texts\.data/),
    ]);
    expect(await endOf(run('a'))).toEqual(before);
  });

  it('in bf16 keeps the precision when it is resumed, or takes another one', async () => {
    const { data, run } = workplace();
    const train = async (...options: string[]) => {
      jsonOf(await callBptt(['train', 'lm', '--out', run('a'), ...options, '--json']));
      const { model } = await loadModel(run('a'), { checkpoint: 'latest', training: false });
      const { precision } = model;
      model.dispose();
      return precision;
    };
    expect(await train('--data', data, ...SMALL, '--epochs', '1', '--precision', 'bf16')).toBe('bf16');
    expect(await train('--resume', '--epochs', '2')).toBe('bf16');
    expect(await train('--resume', '--epochs', '3', '--precision', 'float32')).toBe('float32');
  });

  it('resumed with more epochs needs nothing else', async () => {
    const { data, run } = workplace();
    const args = [
      '--data',
      data,
      '--out',
      run('a'),
      ...SMALL,
      '--epochs',
      '1',
      '--optimizer',
      'rmsprop',
      '--seed',
      '7',
    ];
    const first = jsonOf(await callBptt(['train', 'lm', ...args, '--json']));
    const more = jsonOf(await callBptt(['train', 'lm', '--out', run('a'), '--resume', '--epochs', '3', '--json']));
    expect(more).toMatchObject({ epochs: 3, steps: 3 * Number(first['steps']), parameters: first['parameters'] });
  });
});

describe('a run that is stopped', () => {
  const settings = [...SMALL, '--epochs', '4', '--checkpoint-every', '7'];
  const place = { data: '', whole: undefined as unknown, steps: 0 };

  beforeAll(async () => {
    // The directory must outlive the single tests.
    const { mkdtempSync } = await import('node:fs');
    const { tmpdir } = await import('node:os');
    const directory = mkdtempSync(join(tmpdir(), 'bptt-whole-'));
    place.data = join(directory, 'text.txt');
    writeFileSync(place.data, smallText(700));
    const whole = join(directory, 'whole');
    const args = ['--data', place.data, '--out', whole, ...settings, '--json'];
    place.steps = Number(jsonOf(await callBptt(['train', 'lm', ...args]))['steps']);
    place.whole = await endOf(whole);
    return () => import('node:fs').then(({ rmSync }) => rmSync(directory, { recursive: true }));
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s writes a checkpoint, exits with %d, and resumed ends the same', async (signal, status) => {
    const out = join(temporaryDirectory(), 'run');
    const [child, ended] = startBptt(['train', 'lm', '--data', place.data, '--out', out, ...settings, '--json']);
    await waitFor(() => newestStep(out) >= 14);
    child.kill(signal);
    const stopped = await ended;
    expect([stopped.status, stopped.signal, stopped.stdout]).toEqual([status, null, '']);
    expect(stopped.stderr).toContain(`stopped by ${signal}; checkpoint: ${out}`);
    const step = newestStep(out);
    expect(stopped.stderr).toContain(`step-${String(step).padStart(6, '0')}.safetensors`);
    jsonOf(await callBptt(['train', 'lm', '--data', place.data, '--out', out, ...settings, '--resume', '--json']));
    expect(await endOf(out)).toEqual(place.whole);
  });

  it('by a signal before the first step exits with 130', async () => {
    const out = join(temporaryDirectory(), 'run');
    const [child, ended] = startBptt(['train', 'lm', '--data', place.data, '--out', out, ...settings]);
    await waitFor(() => existsSync(out));
    child.kill('SIGINT');
    expect((await ended).status).toBe(130);
    jsonOf(await callBptt(['train', 'lm', '--data', place.data, '--out', out, ...settings, '--resume', '--json']));
    expect(await endOf(out)).toEqual(place.whole);
  });

  it('by SIGKILL at 20 random instants and resumed each time, ends bit for bit like a run that was never stopped', async () => {
    const out = join(temporaryDirectory(), 'run');
    const args = ['train', 'lm', '--data', place.data, '--out', out, ...settings, '--resume'];
    const random = new Random(20, 'kill');
    let kills = 0;
    for (let turn = 0; turn < 20; turn += 1) {
      const until = Math.floor((0.8 * place.steps * turn) / 20);
      const [child, ended] = startBptt(args);
      await waitFor(() => newestStep(out) >= until || child.exitCode !== null);
      await setTimeout(random.integer(turn % 4 === 0 ? 150 : 25));
      child.kill('SIGKILL');
      if ((await ended).signal === 'SIGKILL') kills += 1;
    }
    expect(kills).toBe(20);
    jsonOf(await callBptt([...args, '--json']));
    expect(await endOf(out)).toEqual(place.whole);
  }, 120_000);

  it('by a second signal ends at once, without a checkpoint', async () => {
    const out = join(temporaryDirectory(), 'run');
    const big = ['--embedding', '64', '--units', '512', '--batch', '64', '--steps', '200', '--init', 'uniform:0.1'];
    const [child, ended] = startBptt(['train', 'lm', '--data', place.data, '--out', out, ...big]);
    await waitFor(() => existsSync(join(out, 'config.json')));
    child.kill('SIGINT');
    await setTimeout(10); // less than it takes to write a checkpoint of 40 MB
    child.kill('SIGINT');
    const { status, stderr } = await ended;
    expect(status).toBe(130);
    expect(stderr).not.toContain('stopped by');
    expect(newestStep(out)).toBe(0);
  });
});

describe('a run on several threads', () => {
  it('ends bit for bit like one on a single thread', async () => {
    const { data, run } = workplace(150);
    for (const threads of ['1', '2', '3']) {
      const args = ['--data', data, '--out', run(threads), ...SMALL, '--epochs', '1', '--threads', threads, '--json'];
      // Small as the model is, all threads take part in every instruction.
      jsonOf(await runBptt(['train', 'lm', ...args], { BPTT_GRAIN: '0' }));
    }
    expect(await endOf(run('2'))).toEqual(await endOf(run('1')));
    expect(await endOf(run('3'))).toEqual(await endOf(run('1')));
  });
});

describe('a saved language model', () => {
  async function trained(): Promise<{ data: string; run: string }> {
    const { data, run } = workplace();
    await callBptt(['train', 'lm', '--data', data, '--out', run('a'), ...SMALL, '--epochs', '3']);
    return { data, run: run('a') };
  }

  it('is evaluated with its state carried through the file', async () => {
    const { data, run } = await trained();
    const { stdout, stderr, status } = await callBptt(['eval', run, '--data', data, '--json']);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^note: '.*' is the data of the training: .*\n$/);
    const { metrics, ...evaluation } = JSON.parse(stdout) as { metrics: Record<string, number> };
    const tokens = readFileSync(data, 'utf8').length - 1;
    expect(evaluation).toMatchObject({ task: 'lm', part: data, examples: tokens, naive: { part: data } });
    expect(Object.keys(metrics)).toEqual(['loss', 'perplexity', 'bitsPerToken', 'tokens']);
    expect(metrics['tokens']).toBe(tokens);
    expect(metrics['loss']).toBeLessThan(Math.log(23)); // a guess among the characters
    const lines = await callBptt(['eval', run, '--data', data]);
    expect(lines.stdout.split('  frequencies of symbols')[0]).toBe(
      `${data}: ${tokens} symbols\nloss ${metrics['loss']?.toFixed(4)} nats  ` +
        `perplexity ${metrics['perplexity']?.toFixed(4)}  bits per symbol ${metrics['bitsPerToken']?.toFixed(4)}\n` +
        `naive rules on '${data}'\n`,
    );
  });

  it('gives the same text for the same seed, of the length asked for, after the prompt', async () => {
    const { run } = await trained();
    const sample = async (...args: string[]) => (await callBptt(['sample', run, '--length', '100', ...args])).stdout;
    const first = await sample('--seed', '3');
    expect(first).toHaveLength(100);
    expect(await sample('--seed', '3')).toBe(first);
    expect(await sample('--seed', '4')).not.toBe(first);
    const prompted = await sample('--prompt', 'the sea ');
    expect(prompted).toMatch(/^the sea /);
    expect(prompted).toHaveLength(108);
    const greedy = await sample('--temperature', '0', '--seed', '1');
    expect(await sample('--top-k', '1', '--seed', '2')).toBe(greedy);
    expect(await sample('--length', '0')).toBe('');
  });

  it('can be read from a checkpoint file', async () => {
    const { data, run } = await trained();
    const best = await callBptt(['eval', run, '--data', data, '--json']);
    const file = await callBptt(['eval', join(run, 'best.safetensors'), '--data', data, '--json']);
    expect(file.stdout).toBe(best.stdout);
  });

  it('stops without a word when nobody reads its text any more', async () => {
    const { run } = await trained();
    const command = `"${process.execPath}" "${MAIN}" sample "${run}" --length 100000 | head -c 20; echo " \${PIPESTATUS[0]}"`;
    const shell = spawn('bash', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    shell.stdout.on('data', (text) => {
      output += text;
    });
    shell.stderr.on('data', (text) => {
      errors += text;
    });
    await new Promise((resolve) => shell.on('close', resolve));
    expect(output.slice(20)).toBe(' 0\n');
    expect(errors).toBe('');
  });

  it('names what it cannot use', async () => {
    const { data, run } = await trained();
    const fails = async (...args: string[]) => {
      const { status, stderr, stdout } = await callBptt(args);
      expect([status, stdout]).toEqual([2, '']);
      return stderr;
    };
    expect(await fails('sample', run, '--prompt', 'naïve')).toMatch(/\[unknown_symbol\].*"ï".*U\+00EF/);
    expect(await fails('sample', run, '--temperature', '-1')).toMatch(/\[invalid_option\].*temperature/);
    expect(await fails('sample', join(run, 'nothing'))).toMatch(/\[invalid_configuration\]/);
    expect(await fails('eval', run, '--data', `${data}.no`)).toMatch(/\[file_unreadable\]/);
    const strange = join(run, 'strange.txt');
    writeFileSync(strange, 'Ωmega');
    expect(await fails('eval', run, '--data', strange)).toMatch(/\[unknown_symbol\].*"Ω"/);
    expect(await fails('eval', strange, '--data', data)).toMatch(/\[checkpoint_(truncated|corrupt)\]/);
    const best = join(run, 'best.safetensors');
    writeFileSync(best, readFileSync(best).subarray(0, 5000));
    expect(await fails('eval', run, '--data', data)).toMatch(/\[checkpoint_truncated\]/);
  });
});
