/** Which process this is, and whether another one still runs: the number of a process alone does not say so, because systems use numbers again. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process as it describes itself. What a system does not tell is null. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When the process began, in the system's own unit; a later process of the same number has another one. */
  readonly started: string | null;
  readonly host: string;
  /** Changes when the machine starts again. Containers of one machine share it. */
  readonly boot: string | null;
  /** The table in which `pid` is a number: containers have tables of their own. */
  readonly namespace: string | null;
}

/** What can be said about another process. */
export type ProcessState = 'running' | 'ended' | 'unknown';

function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

/** State and begin of a process of this machine, as Linux tells them. The name before them may hold any character. */
function procStat(pid: number | 'self'): { readonly state: string; readonly started: string } | null {
  const text = attempt(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  if (text === null) return null;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, started] = [fields[0], fields[19]]; // fields 3 and 22 of proc(5)
  return state === undefined || started === undefined ? null : { state, started };
}

let own: ProcessIdentity | undefined;

/** This process. */
export function thisProcess(): ProcessIdentity {
  own ??= {
    pid: process.pid,
    started: procStat('self')?.started ?? null,
    host: hostname(),
    boot: attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()),
    namespace: attempt(() => readlinkSync('/proc/self/ns/pid')),
  };
  return own;
}

/** True when the number of the process means the same process here: one machine, one boot, one table of processes. */
function isVisible({ host, boot, namespace }: ProcessIdentity): boolean {
  const here = thisProcess();
  return host === here.host && boot === here.boot && namespace === here.namespace;
}

/** Whether a number belongs to a process of this machine. */
export function isPidInUse(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Whether a process still runs; `unknown` for one of another machine or container, or of a system that does not tell its begin. */
export function stateOfProcess(other: ProcessIdentity): ProcessState {
  if (!isVisible(other)) return 'unknown';
  if (!isPidInUse(other.pid)) return 'ended';
  const stat = procStat(other.pid);
  if (stat === null || other.started === null) return 'unknown';
  const isGone = stat.started !== other.started || stat.state === 'Z' || stat.state === 'X';
  return isGone ? 'ended' : 'running';
}

/** True for this process itself. */
export function isThisProcess(other: ProcessIdentity): boolean {
  return isVisible(other) && other.pid === process.pid && other.started === thisProcess().started;
}
