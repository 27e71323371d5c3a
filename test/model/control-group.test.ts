/** The limits of control groups decide how many threads there are and how much memory a plan may take. */
import fs, { mkdirSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import {
  type MemoryLimits,
  memoryLimits,
  type ProcessorLimits,
  processorLimits,
} from '../../src/native/control-group.js';
import { usableBytes } from '../../src/native/planned-memory.js';
import { usableProcessors } from '../../src/native/threads.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';

type Limits = ProcessorLimits & MemoryLimits;

const limitsOf = (root: string): Limits => ({ ...processorLimits(root), ...memoryLimits(root) });

const NONE: Limits = {
  processorQuota: undefined,
  processorSet: undefined,
  memory: undefined,
  memoryInUse: 0,
};

/** A root with these files. */
function rootWith(files: Readonly<Record<string, string>>): string {
  const root = temporaryDirectory();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), `${text}\n`);
  }
  return root;
}

const CGROUP = 'sys/fs/cgroup';
const V1 = [
  '9:name=systemd:/x',
  '4:memory:/docker/abc',
  '3:cpuset:/docker/abc',
  '2:cpu,cpuacct:/docker/abc',
  '0::/',
].join('\n');

describe('the limits of control groups', () => {
  it('are none where there are no groups, or groups without limits', () => {
    expect(limitsOf(temporaryDirectory())).toEqual(NONE);
    const open = {
      'proc/self/cgroup': '0::/a',
      [`${CGROUP}/a/cpu.max`]: 'max 100000',
      [`${CGROUP}/a/memory.max`]: 'max',
      [`${CGROUP}/a/memory.current`]: '1000',
    };
    expect(limitsOf(rootWith(open))).toEqual(NONE);
    const openFirst = {
      'proc/self/cgroup': V1,
      [`${CGROUP}/cpu/docker/abc/cpu.cfs_quota_us`]: '-1',
      [`${CGROUP}/cpu/docker/abc/cpu.cfs_period_us`]: '100000',
      [`${CGROUP}/memory/docker/abc/memory.limit_in_bytes`]: '9223372036854771712',
    };
    expect(limitsOf(rootWith(openFirst))).toEqual(NONE);
  });

  it('of version 2 are the smallest on the way to the root', () => {
    const root = rootWith({
      'proc/self/cgroup': '0::/service/job',
      [`${CGROUP}/service/job/cpu.max`]: '400000 100000',
      [`${CGROUP}/service/cpu.max`]: '150000 100000',
      [`${CGROUP}/service/job/cpuset.cpus.effective`]: '0-2,8,10-11',
      [`${CGROUP}/service/job/memory.max`]: '8000',
      [`${CGROUP}/service/job/memory.current`]: '10',
      [`${CGROUP}/service/memory.max`]: '5000',
      [`${CGROUP}/service/memory.current`]: '3000',
      [`${CGROUP}/service/memory.stat`]: 'anon 7\ninactive_file 1000\nactive_file 5',
    });
    expect(limitsOf(root)).toEqual({ processorQuota: 1.5, processorSet: 6, memory: 5000, memoryInUse: 2000 });
  });

  it('of a container are found at the mount, where its own files are', () => {
    for (const group of ['0::/', '0::/../../elsewhere', '0::/docker/on-the-host']) {
      const root = rootWith({
        'proc/self/cgroup': group,
        [`${CGROUP}/cpu.max`]: '50000 100000',
        [`${CGROUP}/memory.max`]: '123',
      });
      expect(limitsOf(root)).toMatchObject({ processorQuota: 0.5, memory: 123 });
    }
  });

  it.each(['docker/abc/', ''])('of version 1 are read, below the mount or at it (%j)', (path) => {
    const root = rootWith({
      'proc/self/cgroup': V1,
      [`${CGROUP}/cpu/${path}cpu.cfs_quota_us`]: '250000',
      [`${CGROUP}/cpu/${path}cpu.cfs_period_us`]: '100000',
      [`${CGROUP}/cpuset/${path}cpuset.cpus`]: '4',
      [`${CGROUP}/memory/${path}memory.limit_in_bytes`]: '4096',
      [`${CGROUP}/memory/${path}memory.usage_in_bytes`]: '2048',
      [`${CGROUP}/memory/${path}memory.stat`]: 'cache 9\ninactive_file 1\ntotal_inactive_file 48',
    });
    expect(limitsOf(root)).toEqual({ processorQuota: 2.5, processorSet: 1, memory: 4096, memoryInUse: 2000 });
  });

  it('that cannot be read or understood are none', () => {
    const files = {
      'proc/self/cgroup': 'garbage\n0::/a\n:::',
      [`${CGROUP}/a/cpu.max`]: 'many few',
      [`${CGROUP}/a/cpuset.cpus.effective`]: '0-x',
      [`${CGROUP}/a/memory.max`]: '',
    };
    expect(limitsOf(rootWith(files))).toEqual(NONE);
  });
});

/** The files that a function reads. */
function readBy(action: () => void): string[] {
  const names: string[] = [];
  const read = vi.spyOn(fs, 'readFileSync').mockImplementation(((path: string) => {
    names.push(path.split('/').at(-1) ?? '');
    throw new Error('no such file');
  }) as typeof fs.readFileSync);
  syncBuiltinESMExports();
  try {
    action();
  } finally {
    read.mockRestore();
    syncBuiltinESMExports();
  }
  return names;
}

describe('what is not asked for', () => {
  it('is not read: the files of memory for the processors, and the other way round', () => {
    const [processors, memory] = [readBy(() => processorLimits()), readBy(() => memoryLimits())];
    expect(processors).toContain('cpu.max');
    expect(processors.filter((name) => name.startsWith('memory'))).toEqual([]);
    expect(memory).toContain('memory.max');
    expect(memory.filter((name) => name.startsWith('cpu'))).toEqual([]);
  });
});

describe('the number of threads', () => {
  it.each([
    [8, undefined, undefined, 8],
    [8, 1.5, undefined, 2],
    [8, 0.2, undefined, 1],
    [8, 100, undefined, 8],
    [8, 4, 3, 3],
    [2, 4, 6, 2],
    [1, 0.01, 1, 1],
  ])('with %d processors, a quota of %d and a set of %d is %d', (offered, processorQuota, processorSet, expected) => {
    expect(usableProcessors(offered, { processorQuota, processorSet })).toBe(expected);
  });
});

describe('memory that a plan may take', () => {
  const machine = { total: 1000, free: 600, limit: undefined, inUse: 0, held: 0 };
  it.each([
    ['what is free', machine, 600],
    ['with array buffers of the process, which may be garbage', { ...machine, held: 100 }, 700],
    ['never more than the machine has', { ...machine, held: 5000 }, 1000],
    ['what the limit of the group leaves', { ...machine, limit: 500, inUse: 200 }, 300],
    ['never more than the limit', { ...machine, limit: 500, inUse: 200, held: 5000 }, 500],
    ['what is free where the limit is larger', { ...machine, limit: 5000, inUse: 0 }, 600],
    ['nothing where the group is full', { ...machine, limit: 500, inUse: 600 }, 0],
  ])('is %s', (_name, state, expected) => {
    expect(usableBytes(state)).toBe(expected);
  });
});
