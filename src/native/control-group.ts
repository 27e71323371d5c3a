/**
 * Limits of the control groups of this process: of containers, of services, of jobs. Both versions are read. A limit of a group
 * holds for the groups below it, so the smallest one on the way to the root counts. Where a container sees the groups of its host
 * under other paths than its own files, its own files are at the mount itself.
 *
 * @see Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/{cpusets,memory}.rst, scheduler/sched-bwc.rst
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** How many processors a process may use; undefined where nothing limits it. */
export interface ProcessorLimits {
  /** Processors, as a quota of their time: 1.5 are one and a half. */
  readonly processorQuota: number | undefined;
  /** Processors that it may run on. */
  readonly processorSet: number | undefined;
}

/** How much memory a process may use; undefined where nothing limits it. */
export interface MemoryLimits {
  /** Bytes of memory. */
  readonly memory: number | undefined;
  /** Bytes of that memory that are in use and cannot be given back. */
  readonly memoryInUse: number;
}

/** A group of a process. */
interface Group {
  /** The folder where its file system is mounted. */
  readonly mount: string;
  /** Its path below the mount. */
  readonly path: string;
}

/** A limit that a version 1 writes where there is none: the largest multiple of a page. */
const NO_LIMIT = 2 ** 60;

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined; // no such group, or another system
  }
}

/** A number >= 0 in a file; undefined for `max`, -1, and what is no number. */
function numberOf(text: string | undefined): number | undefined {
  const value = text === undefined || text === '' ? Number.NaN : Number(text);
  return value >= 0 ? value : undefined;
}

/** The group of a controller, and whether it is of version 2. */
function groupsOf(root: string, controller: string): { readonly first: Group | undefined; readonly second: Group } {
  const mounts = join(root, 'sys/fs/cgroup');
  const lines = (textOf(join(root, 'proc/self/cgroup')) ?? '')
    .split('\n')
    .map((line) => /^\d+:([^:]*):(.*)$/.exec(line));
  const first = lines.find((line) => line?.[1]?.split(',').includes(controller));
  const second = lines.find((line) => line?.[1] === '');
  return {
    first: first === undefined ? undefined : { mount: join(mounts, controller), path: first?.[2] ?? '/' },
    second: { mount: mounts, path: second?.[2] ?? '/' },
  };
}

/** The folders of a group and of those above it. A path that leads out of the mount is that of another container. */
function* foldersOf({ mount, path }: Group): Generator<string> {
  let below = join('/', path);
  for (;;) {
    yield join(mount, below);
    if (below === '/') return;
    below = dirname(below);
  }
}

/** The smallest number that `read` finds in the folders of a group. */
function least(group: Group | undefined, read: (folder: string) => number | undefined): number | undefined {
  if (group === undefined) return undefined;
  const found = [...foldersOf(group)].map(read).filter((value) => value !== undefined);
  return found.length === 0 ? undefined : Math.min(...found);
}

function smaller(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

function quotaOf(quota: string | undefined, period: string | undefined): number | undefined {
  const [time, of] = [numberOf(quota), numberOf(period)];
  return time === undefined || of === undefined || time === 0 || of === 0 ? undefined : time / of;
}

/** How many numbers a list such as `0-3,8` has. */
function countOf(list: string | undefined): number | undefined {
  if (list === undefined || list === '') return undefined;
  let count = 0;
  for (const part of list.split(',')) {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    if (first === undefined) return undefined;
    count += Number(last) - Number(first) + 1;
  }
  return count > 0 ? count : undefined;
}

/** The folder whose limit of memory holds, with that limit. */
function memoryOf(
  group: Group | undefined,
  name: string,
): { readonly folder: string; readonly limit: number } | undefined {
  if (group === undefined) return undefined;
  let found: { readonly folder: string; readonly limit: number } | undefined;
  for (const folder of foldersOf(group)) {
    const limit = numberOf(textOf(join(folder, name)));
    if (limit !== undefined && limit < NO_LIMIT && limit < (found?.limit ?? NO_LIMIT)) found = { folder, limit };
  }
  return found;
}

/** Memory of a group that it could not give back: without the cache of files that nobody reads now. */
function inUse(folder: string, name: string, cache: RegExp): number {
  const used = numberOf(textOf(join(folder, name))) ?? 0;
  const given = numberOf(cache.exec(textOf(join(folder, 'memory.stat')) ?? '')?.[1]) ?? 0;
  return Math.max(0, used - given);
}

/** The processors of this process. @param root folder of the files of the system; another one in tests */
export function processorLimits(root = '/'): ProcessorLimits {
  const [processors, sets] = [groupsOf(root, 'cpu'), groupsOf(root, 'cpuset')];
  const quotaFirst = least(processors.first, (folder) =>
    quotaOf(textOf(join(folder, 'cpu.cfs_quota_us')), textOf(join(folder, 'cpu.cfs_period_us'))),
  );
  const quotaSecond = least(processors.second, (folder) => {
    const [quota, period] = (textOf(join(folder, 'cpu.max')) ?? '').split(' ');
    return quotaOf(quota, period);
  });
  const setFirst = least(sets.first, (folder) => countOf(textOf(join(folder, 'cpuset.cpus'))));
  const setSecond = least(sets.second, (folder) => countOf(textOf(join(folder, 'cpuset.cpus.effective'))));
  return { processorQuota: smaller(quotaFirst, quotaSecond), processorSet: smaller(setFirst, setSecond) };
}

/** The memory of this process. @param root as in `processorLimits` */
export function memoryLimits(root = '/'): MemoryLimits {
  const memory = groupsOf(root, 'memory');
  const [one, two] = [memoryOf(memory.first, 'memory.limit_in_bytes'), memoryOf(memory.second, 'memory.max')];
  const isFirst = one !== undefined && one.limit <= (two?.limit ?? Number.POSITIVE_INFINITY);
  const used = isFirst
    ? inUse(one.folder, 'memory.usage_in_bytes', /^total_inactive_file (\d+)$/m)
    : two === undefined
      ? 0
      : inUse(two.folder, 'memory.current', /^inactive_file (\d+)$/m);
  return { memory: smaller(one?.limit, two?.limit), memoryInUse: used };
}
