import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { callBptt } from './call-bptt.js';
import { startBptt } from './run-bptt.js';
import { endOf, jsonOf, newestStep, SMALL, waitFor, workplace } from './training-run.js';

const VARIANT = { zoneout: 0.1, layerNormalization: true, weightDropout: 0.5, projection: 8 };

describe('bptt train lm --recurrent', () => {
  it('stopped and resumed by the directory alone, ends like an uninterrupted run, is evaluated and sampled', async () => {
    const { data, run } = workplace(700);
    const variant = ['--recurrent', JSON.stringify(VARIANT), '--optimizer', 'adamw', '--weight-decay', '0.1'];
    const args = ['train', 'lm', '--data', data, ...SMALL, ...variant, '--epochs', '3', '--checkpoint-every', '7'];
    const whole = jsonOf(await callBptt([...args, '--out', run('whole'), '--json']));

    const [child, ended] = startBptt([...args, '--out', run('stopped')]);
    await waitFor(() => newestStep(run('stopped')) >= 14 || child.exitCode !== null);
    child.kill('SIGINT');
    const stopped = await ended;
    expect([stopped.status, stopped.signal]).toEqual([130, null]);
    expect(stopped.stderr).toContain(`2x16 lstm with ${JSON.stringify(VARIANT)}, `);
    expect(newestStep(run('stopped'))).toBeLessThan(Number(whole['steps']));
    const resumed = jsonOf(await callBptt(['train', 'lm', '--out', run('stopped'), '--resume', '--json']));
    expect(resumed['parameters']).toBe(whole['parameters']);
    expect(await endOf(run('stopped'))).toEqual(await endOf(run('whole')));

    const { metrics } = jsonOf(await callBptt(['eval', run('stopped'), '--data', data, '--json']));
    const { loss } = metrics as { loss: number };
    expect(loss).toBeLessThan(Math.log(23)); // a guess among the characters
    const sample = async (name: string) => (await callBptt(['sample', run(name), '--length', '100'])).stdout;
    expect(await sample('stopped')).toHaveLength(100);
    expect(await sample('stopped')).toBe(await sample('whole'));
  });

  it('may be given again on resume in any order, but not changed', async () => {
    const { data, run } = workplace();
    const out = run('a');
    const given = ['--recurrent', JSON.stringify(VARIANT), '--weight-decay', '0.1'];
    await callBptt(['train', 'lm', '--data', data, '--out', out, ...SMALL, ...given, '--epochs', '1']);
    const before = await endOf(out);
    const resume = (...args: string[]) => callBptt(['train', 'lm', '--out', out, '--resume', '--json', ...args]);
    for (const [args, message] of [
      [['--recurrent', '{}'], /'task\.recurrent' is \{.*\} there and absent here/],
      [
        ['--recurrent', JSON.stringify({ ...VARIANT, zoneout: 0.2 })],
        /'task\.recurrent\.zoneout' is 0\.1 there and 0\.2 here/,
      ],
      [['--weight-decay', '0.2'], /'task\.weightDecay' is 0\.1 there and 0\.2 here/],
      [['--weight-decay', '0'], /'task\.weightDecay' is 0\.1 there and absent here/],
    ] as const) {
      const { status, stderr } = await resume(...args, '--epochs', '2');
      expect([status, stderr]).toEqual([2, expect.stringMatching(/\[configuration_mismatch\]/)]);
      expect(stderr).toMatch(message);
    }
    expect(await endOf(out)).toEqual(before);
    const reversed = Object.fromEntries(Object.entries(VARIANT).reverse());
    const again = ['--recurrent', JSON.stringify(reversed), '--weight-decay', '0.1', '--epochs', '2'];
    expect(jsonOf(await resume(...again))).toMatchObject({ epochs: 2 });
  });

  it('is an object in a file of options, as a whole overridden by the command line', async () => {
    const { data, run } = workplace();
    const config = run('config.json');
    writeFileSync(config, JSON.stringify({ data, recurrent: { biases: 'one', zoneout: 0.2 }, 'weight-decay': 0.1 }));
    const args = ['train', 'lm', '--config', config, ...SMALL, '--cell', 'gru', '--epochs', '1', '--json'];
    const taskOf = (name: string) => JSON.parse(readFileSync(join(run(name), 'config.json'), 'utf8')).task;
    jsonOf(await callBptt([...args, '--out', run('a')]));
    expect(taskOf('a')).toMatchObject({ recurrent: { biases: 'one', zoneout: 0.2 }, weightDecay: 0.1 });
    jsonOf(
      await callBptt([...args, '--out', run('b'), '--recurrent', '{"resetAfter": false}', '--weight-decay', '0.2']),
    );
    expect(taskOf('b')).toMatchObject({ weightDecay: 0.2 });
    expect(taskOf('b').recurrent).toEqual({ resetAfter: false });
  });
});
