import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Checkpoint, loadCheckpointSync } from '../../src/checkpoint/checkpoint.js';
import { temporaryPath } from '../../src/checkpoint/file-transfer.js';
import { Run } from '../../src/checkpoint/run.js';
import { RunDirectory } from '../../src/checkpoint/run-directory.js';
import type { JsonObject } from '../../src/core/json.js';
import { temporaryDirectory } from './temporary-directory.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const configuration: JsonObject = { epochs: 3, model: { cell: 'lstm', units: 8, layers: [1, 2] } };

function checkpointOf(step: number): Checkpoint {
  return { tensors: new Map([['w', { shape: [2], data: Float32Array.of(step, -step) }]]), metadata: { step } };
}

const stepOf = (_path: string, metadata: JsonObject) => metadata['step'] as number;

const opened = new Map<string, RunDirectory>();
afterEach(() => {
  for (const run of opened.values()) run.close();
  opened.clear();
});

/** Opens a run as a later process would: the one before has ended. */
function open(...[path, ...rest]: Parameters<typeof RunDirectory.open>): RunDirectory {
  opened.get(path)?.close();
  const run = RunDirectory.open(path, ...rest);
  opened.set(path, run);
  return run;
}

const newRun = () => join(temporaryDirectory(), 'deep', 'run');
const checkpointNames = (path: string) => readdirSync(join(path, 'checkpoints')).sort();
const stepName = (step: number) => `step-${String(step).padStart(6, '0')}.safetensors`;
const stepPath = (run: string, step: number) => join(run, 'checkpoints', stepName(step));
const damage = (run: string, step: number) => truncateSync(stepPath(run, step), statSync(stepPath(run, step)).size - 1);

describe('opening a run', () => {
  it('makes the directory and writes the configuration', () => {
    const path = newRun();
    const run = open(path, configuration);
    expect(readdirSync(path).sort()).toEqual(['checkpoints', 'config.json', 'run.lock']);
    expect(JSON.parse(readFileSync(join(path, 'config.json'), 'utf8'))).toEqual(configuration);
    expect(run.configuration).toBe(configuration);
    expect(run.metrics.path).toBe(join(path, 'metrics.jsonl'));
  });

  it('takes an empty directory, also one in which a killed process left temporary files', () => {
    const path = newRun();
    mkdirSync(join(path, 'checkpoints'), { recursive: true });
    for (const [file, text] of [
      [temporaryPath(join(path, 'config.json')), '{'],
      [temporaryPath(stepPath(path, 1)), 'half'],
    ] as const) {
      writeFileSync(file, text);
      utimesSync(file, 1000, 1000);
    }
    open(path, configuration);
    expect(readdirSync(path).sort()).toEqual(['checkpoints', 'config.json', 'run.lock']);
    expect(checkpointNames(path)).toEqual([]);
  });

  it('refuses a directory that holds anything, when it is not to be resumed', () => {
    const path = newRun();
    open(path, configuration);
    expect(() => open(path, configuration)).toThrow(code('run_exists'));
    expect(() => open(path, configuration)).toThrow(`'${path}' is not empty`);
    const foreign = temporaryDirectory();
    writeFileSync(join(foreign, 'letter.txt'), 'x');
    expect(() => open(foreign, configuration)).toThrow(code('run_exists'));
    expect(readdirSync(foreign)).toEqual(['letter.txt']);
  });

  it('resumes a run that has not begun by beginning it', async () => {
    const run = open(newRun(), configuration, { resume: true });
    expect(await run.resume(stepOf)).toBeUndefined();
  });

  it('does not resume a directory that is no run', () => {
    const foreign = temporaryDirectory();
    writeFileSync(join(foreign, 'letter.txt'), 'x');
    expect(() => open(foreign, configuration, { resume: true })).toThrow(code('invalid_configuration'));
    writeFileSync(join(foreign, 'config.json'), '{"a":1');
    expect(() => open(foreign, configuration, { resume: true })).toThrow(code('invalid_configuration'));
    writeFileSync(join(foreign, 'config.json'), '[]');
    expect(() => open(foreign, configuration, { resume: true })).toThrow('must be an object');
    expect(() => open(join(foreign, 'letter.txt'), configuration)).toThrow(code('invalid_configuration'));
  });

  it('refuses another configuration, naming the first field that differs and both values', () => {
    const path = newRun();
    open(path, configuration);
    const other = { epochs: 3, model: { cell: 'lstm', units: 8, layers: [1, 3] } };
    const attempt = () => open(path, other, { resume: true });
    expect(attempt).toThrow(`the run '${path}' has another configuration: 'model.layers[1]' is 2 there and 3 here`);
    expect(attempt).toThrow(code('configuration_mismatch'));
    const more = { ...configuration, seed: 1 };
    expect(() => open(path, more, { resume: true })).toThrow("'seed' is absent there and 1 here");
    expect(JSON.parse(readFileSync(join(path, 'config.json'), 'utf8'))).toEqual(configuration);
  });

  it('changes nothing when it refuses', () => {
    const path = newRun();
    open(path, configuration);
    const temporary = temporaryPath(join(path, 'config.json'));
    writeFileSync(temporary, 'x');
    expect(() => open(path, { epochs: 4 }, { resume: true })).toThrow();
    expect(() => open(path, configuration)).toThrow();
    expect(existsSync(temporary)).toBe(true);
  });

  it('accepts the same configuration in another order of fields', () => {
    const path = newRun();
    open(path, configuration);
    const reordered = { model: { layers: [1, 2], units: 8, cell: 'lstm' }, epochs: 3 };
    expect(() => open(path, reordered, { resume: true })).not.toThrow();
  });

  it('lets the fields differ that may, and config.json follows', () => {
    const path = newRun();
    open(path, configuration);
    const longer = { ...configuration, epochs: 9 };
    open(path, longer, { resume: true, fields: { mayDiffer: ['epochs'] } });
    expect(Run.read(path).configuration).toEqual(longer);
    const wider = { epochs: 9, model: { cell: 'lstm', units: 16, layers: [1] } };
    expect(() => open(path, wider, { resume: true, fields: { mayDiffer: ['epochs', 'model.unit'] } })).toThrow(
      "'model.units'",
    );
    expect(() => open(path, wider, { resume: true, fields: { mayDiffer: ['model'] } })).not.toThrow();
  });

  it('refuses configurations that are not JSON, and impossible options', () => {
    const path = newRun();
    expect(() => open(path, { rate: Number.NaN })).toThrow(code('invalid_configuration'));
    expect(() => open(path, configuration, { keepLast: 0 })).toThrow(code('invalid_option'));
    expect(() => open(path, configuration, { resum: true } as object)).toThrow(code('unknown_option'));
    expect(existsSync(path)).toBe(false);
  });
});

describe('saving', () => {
  it('keeps the last checkpoints and the best one', async () => {
    const path = newRun();
    const run = open(path, configuration, { keepLast: 2 });
    expect(await run.save(0, checkpointOf(0))).toBe(stepPath(path, 0));
    await run.save(10, checkpointOf(10), { best: true });
    run.saveSync(20, checkpointOf(20));
    await run.save(1_000_000, checkpointOf(1_000_000));
    expect(checkpointNames(path)).toEqual([stepName(20), 'step-1000000.safetensors'].sort());
    expect((await run.loadBest())?.metadata).toEqual({ step: 10 });
    expect((await run.loadLatest())?.step).toBe(1_000_000);
    run.saveSync(1_000_001, checkpointOf(1_000_001), { best: true });
    expect((await run.loadBest())?.metadata).toEqual({ step: 1_000_001 });
    expect(loadCheckpointSync(join(path, 'best.safetensors'))).toEqual(loadCheckpointSync(stepPath(path, 1_000_001)));
    expect(readdirSync(path).sort()).toEqual(['best.safetensors', 'checkpoints', 'config.json', 'run.lock']);
  });

  it('writes the best one before the step that knows of it', async () => {
    // Where the second name cannot be given, best.safetensors is the new one and the steps are the old ones: resuming
    // repeats the step. The other order would leave a run whose best value belongs to no file.
    const path = newRun();
    const run = open(path, configuration);
    await run.save(1, checkpointOf(1), { best: true });
    mkdirSync(join(stepPath(path, 2), 'in-the-way'), { recursive: true });
    await expect(run.save(2, checkpointOf(2), { best: true })).rejects.toThrow(code('checkpoint_write_failed'));
    expect((await run.loadBest())?.metadata).toEqual({ step: 2 });
    rmSync(stepPath(path, 2), { recursive: true });
    expect((await run.loadLatest())?.step).toBe(1);
    expect(readdirSync(path).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect(checkpointNames(path)).toEqual([stepName(1)]);
  });

  it('overwrites the checkpoint of a step that is repeated', async () => {
    const run = open(newRun(), configuration);
    run.saveSync(5, checkpointOf(5), { best: true });
    await run.save(5, { ...checkpointOf(5), metadata: { step: 5, again: true } }, { best: true });
    expect((await run.loadLatest())?.checkpoint.metadata).toEqual({ step: 5, again: true });
  });

  it('never removes the checkpoint that it has just saved', async () => {
    const path = newRun();
    const run = open(path, configuration, { keepLast: 1 });
    await run.save(500, checkpointOf(500));
    await run.save(450, checkpointOf(450));
    expect(checkpointNames(path)).toContain(stepName(450));
  });

  it('refuses steps and options that make no sense', async () => {
    const run = open(newRun(), configuration);
    await expect(run.save(-1, checkpointOf(1))).rejects.toThrow(code('invalid_option'));
    expect(() => run.saveSync(0.5, checkpointOf(1))).toThrow(code('invalid_option'));
    expect(() => run.saveSync(1, checkpointOf(1), { bets: true } as object)).toThrow(code('unknown_option'));
  });
});

describe('loading the latest', () => {
  it('ignores names that are not those of checkpoints, and goes by step, not by time', async () => {
    const path = newRun();
    const run = open(path, configuration);
    await run.save(2, checkpointOf(2));
    await run.save(10, checkpointOf(10));
    utimesSync(stepPath(path, 10), 0, 0);
    for (const name of [
      'step-0000099.safetensors',
      'step-99.safetensors',
      'step-000099.safetensors.corrupt',
      'step-000099',
      'notes',
    ]) {
      writeFileSync(join(path, 'checkpoints', name), 'x');
    }
    expect(run.checkpoints().map(({ step }) => step)).toEqual([10, 2]);
    expect(await Run.read(path).loadLatest()).toMatchObject({ step: 10, path: stepPath(path, 10), skipped: [] });
  });

  it('takes the one before when the newest is damaged, and returns why', async () => {
    const path = newRun();
    const run = open(path, configuration);
    for (const step of [1, 2, 3]) await run.save(step, checkpointOf(step));
    damage(path, 3);
    writeFileSync(stepPath(path, 2), Buffer.alloc(500));
    const latest = await run.loadLatest();
    expect(latest?.step).toBe(1);
    expect(latest?.checkpoint.tensors.get('w')?.data).toEqual(Float32Array.of(1, -1));
    expect(latest?.skipped.map(({ step, error }) => [step, error.code])).toEqual([
      [3, 'checkpoint_truncated'],
      [2, 'checkpoint_corrupt'],
    ]);
    expect(checkpointNames(path).length).toBe(3); // reading changes nothing
  });

  it('fails when every checkpoint is damaged, instead of beginning again', async () => {
    const path = newRun();
    const run = open(path, configuration);
    for (const step of [1, 2]) await run.save(step, checkpointOf(step));
    for (const step of [1, 2]) damage(path, step);
    await expect(run.loadLatest()).rejects.toThrow(code('checkpoint_corrupt'));
    await expect(run.resume(stepOf)).rejects.toThrow(`none of the 2 checkpoints of '${path}' can be read`);
    expect(checkpointNames(path)).toEqual([stepName(1), stepName(2)]);
  });

  it('has no latest and no best before the first checkpoint', async () => {
    const run = open(newRun(), configuration);
    expect(await run.loadLatest()).toBeUndefined();
    expect(await run.loadBest()).toBeUndefined();
  });

  it('reads a run only where there is one', () => {
    expect(() => Run.read(newRun())).toThrow(code('invalid_configuration'));
    expect(() => Run.read(temporaryDirectory())).toThrow('is not a run');
    expect(() => Run.read('nothing.safetensors')).toThrow("'nothing.safetensors' does not exist");
  });
});

describe('resuming', () => {
  it('cuts the metrics off after the step of the checkpoint', async () => {
    const path = newRun();
    const first = open(path, configuration);
    const train = async (run: RunDirectory, from: number, to: number) => {
      for (let step = from; step <= to; step++) {
        run.metrics.append({ step, loss: 1 / step });
        if (step % 3 === 0) await run.save(step, checkpointOf(step));
      }
    };
    await train(first, 1, 8);
    const resumed = open(path, configuration, { resume: true });
    const latest = await resumed.resume(stepOf);
    expect(latest?.step).toBe(6);
    await train(resumed, 7, 9);
    const whole = open(newRun(), configuration);
    await train(whole, 1, 9);
    expect(readFileSync(resumed.metrics.path, 'utf8')).toBe(readFileSync(whole.metrics.path, 'utf8'));
    expect(checkpointNames(path)).toEqual(checkpointNames(whole.path));
  });

  it('begins the metrics again when there is no checkpoint', async () => {
    const path = newRun();
    open(path, configuration).metrics.append({ step: 1 });
    const run = open(path, configuration, { resume: true });
    expect(await run.resume(stepOf)).toBeUndefined();
    expect(readFileSync(run.metrics.path, 'utf8')).toBe('{"step":1}\n'); // a run that does not go on loses nothing
    run.metrics.append({ step: 1, loss: 2 });
    expect(readFileSync(run.metrics.path, 'utf8')).toBe('{"step":1,"loss":2}\n');
    expect(readFileSync(join(path, 'metrics-1.jsonl'), 'utf8')).toBe('{"step":1}\n');
  });

  it('sets damaged checkpoints aside, so that they do not push whole ones out', async () => {
    const path = newRun();
    const first = open(path, configuration);
    for (const step of [1, 2]) await first.save(step, checkpointOf(step));
    damage(path, 2);
    const run = open(path, configuration, { resume: true, keepLast: 1 });
    expect((await run.resume(stepOf))?.skipped.map(({ path: damaged }) => damaged)).toEqual([stepPath(path, 2)]);
    expect(checkpointNames(path)).toEqual([stepName(1), `${stepName(2)}.corrupt`]);
    expect((await run.resume(stepOf))?.skipped).toEqual([]);
  });

  it('goes on from the best checkpoint when it is the only one, or newer than the others', async () => {
    const path = newRun();
    const first = open(path, configuration);
    for (const step of [1, 2, 3]) {
      first.metrics.append({ step });
      await first.save(step, checkpointOf(step), { best: step === 2 });
    }
    rmSync(stepPath(path, 3));
    damage(path, 2); // best.safetensors is the same file
    damage(path, 1);
    await expect(open(path, configuration, { resume: true }).resume(stepOf)).rejects.toThrow(
      code('checkpoint_corrupt'),
    );
    open(path, configuration, { resume: true }).saveSync(2, checkpointOf(2), { best: true });
    rmSync(stepPath(path, 2));
    const run = open(path, configuration, { resume: true });
    const latest = await run.resume(stepOf);
    expect(latest).toMatchObject({ step: 2, path: join(path, 'best.safetensors') });
    expect(latest?.skipped.map(({ step }) => step)).toEqual([1]);
    run.metrics.append({ step: 3, loss: 7 });
    expect(readFileSync(run.metrics.path, 'utf8')).toBe('{"step":1}\n{"step":2}\n{"step":3,"loss":7}\n');
  });

  it('refuses a damaged best checkpoint that is the only one, and changes nothing', async () => {
    const path = newRun();
    const first = open(path, configuration);
    first.metrics.append({ step: 1 });
    await first.save(1, checkpointOf(1), { best: true });
    rmSync(stepPath(path, 1));
    const best = join(path, 'best.safetensors');
    truncateSync(best, statSync(best).size - 1);
    await expect(open(path, configuration, { resume: true }).resume(stepOf)).rejects.toThrow(
      code('checkpoint_truncated'),
    );
    expect(readFileSync(first.metrics.path, 'utf8')).toBe('{"step":1}\n');
  });

  it('refuses a checkpoint under the name of another step', async () => {
    const path = newRun();
    await open(path, configuration).save(3, checkpointOf(3));
    renameSync(stepPath(path, 3), stepPath(path, 9));
    const resumed = open(path, configuration, { resume: true }).resume(stepOf);
    await expect(resumed).rejects.toThrow('holds the state after step 3, its name says 9');
    await expect(resumed).rejects.toThrow(code('checkpoint_mismatch'));
  });
});

describe('links', () => {
  it('does not write checkpoints through a folder that leads outside', () => {
    const path = newRun();
    const outside = temporaryDirectory();
    mkdirSync(path, { recursive: true });
    symlinkSync(outside, join(path, 'checkpoints'));
    expect(() => open(path, configuration)).toThrow(code('invalid_configuration'));
    expect(() => open(path, configuration)).toThrow('symbolic link');
    expect(readdirSync(outside)).toEqual([]);
    expect(existsSync(join(path, 'config.json'))).toBe(false);
  });

  it('does not write metrics, the best checkpoint or a step through a link', async () => {
    const path = newRun();
    const outside = join(temporaryDirectory(), 'precious');
    writeFileSync(outside, 'precious');
    const run = open(path, configuration);
    for (const name of ['metrics.jsonl', 'best.safetensors']) symlinkSync(outside, join(path, name));
    symlinkSync(outside, stepPath(path, 1));
    expect(() => run.metrics.append({ step: 1 })).toThrow(code('checkpoint_write_failed'));
    expect(() => run.metrics.append({ step: 1 })).toThrow('it is a symbolic link');
    rmSync(run.metrics.path);
    await run.save(1, checkpointOf(1), { best: true });
    expect(readFileSync(outside, 'utf8')).toBe('precious');
  });

  it('opens a run directory that is itself a link', () => {
    const place = temporaryDirectory();
    const path = join(temporaryDirectory(), 'run');
    symlinkSync(place, path);
    open(path, configuration);
    expect(existsSync(join(place, 'config.json'))).toBe(true);
  });
});
