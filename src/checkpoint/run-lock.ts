/**
 * The lock of a run directory: one process at a time trains in it.
 *
 * The lock is a file that is made with all of its content at once, by a link that fails where the name is taken. It
 * says which process holds it. A process that ended without removing its file holds it no longer: on the same machine
 * the process table tells so; for another machine or container the holder writes to the file every few seconds, and
 * LAPSE_SECONDS without that say so. Times are those of the file system, so clocks may differ. Where its clock goes back, the time
 * counts from the next process that looks; where it goes forward by more than LAPSE_SECONDS, a lock of another machine may be taken
 * over: its holder finds that out before its next change of the run, and stops.
 *
 * A file of an ended process is taken over by a second link, whose name holds the token of the first: only one process
 * can make it. It then replaces the first file, and removes the link at last. A process that finds another first file
 * after it made the link came too late, and starts again.
 */
import { randomBytes } from 'node:crypto';
import { constants, copyFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError, UsageError } from '../core/errors.js';
import { temporaryPath } from './file-transfer.js';
import {
  claim,
  type FoundLock,
  type Holder,
  LAPSE_SECONDS,
  LOCK_NAME,
  readLock,
  refreshLock,
  removeLock,
  UNREADABLE,
} from './lock-file.js';
import { isThisProcess, stateOfProcess, thisProcess } from './process-identity.js';

/** Seconds between two signs of life of a holder. */
const REFRESH_SECONDS = 5;

/** Takeovers by others that are waited for before the lock counts as held. */
const ATTEMPTS = 100;

/** Locks of this thread, by token: they are released when the process exits. */
const HELD = new Map<string, RunLock>();

function releaseAll(): void {
  for (const lock of HELD.values()) lock.release();
}

function isAlive({ holder, refreshedMs }: FoundLock, nowMs: number): boolean {
  if (HELD.has(holder.token)) return true;
  // Another thread of this process may hold it, or one that ended: its signs of life tell.
  const state = isThisProcess(holder) ? 'unknown' : stateOfProcess(holder);
  return state === 'unknown' ? nowMs - refreshedMs < LAPSE_SECONDS * 1e3 : state === 'running';
}

/**
 * A sign of life in the future: the clock of the file system went back. A holder that runs gives the next one within seconds. For one
 * that ended it would count until that time comes again, so the file is dated now, and counts for LAPSE_SECONDS from now.
 */
function datedAgain({ refreshedMs, path }: FoundLock, nowMs: number): void {
  if (refreshedMs - nowMs <= LAPSE_SECONDS * 1e3) return;
  try {
    refreshLock(path);
  } catch {
    // Not ours to write: it counts until its time comes again.
  }
}

function locked(run: string, { holder, refreshedMs }: FoundLock, nowMs: number): ConfigurationError {
  const { pid, host, since } = holder;
  const quietSeconds = Math.max(0, Math.round((nowMs - refreshedMs) / 1e3));
  const isSeen = stateOfProcess(holder) === 'running';
  const who = holder === UNREADABLE ? 'a process that cannot be named' : `process ${pid} on host '${host}'`;
  const life = isSeen
    ? ''
    : `; its last sign of life was ${quietSeconds} s ago, and after ${LAPSE_SECONDS} s without one it counts as ended`;
  return new ConfigurationError(
    'run_locked',
    `another training works in the run '${run}': ${who}, since ${since}; wait for its end or stop it, or choose another directory${life}`,
    { run, pid, host, since, quietSeconds },
  );
}

/** The lock of a run directory, held by this process. */
export class RunLock {
  readonly #run: string;
  readonly #path: string;
  readonly #holder: Holder;
  readonly #timer: NodeJS.Timeout;
  /** Numbers of the ended processes whose locks were taken over. */
  readonly endedPids: ReadonlySet<number>;

  private constructor(run: string, holder: Holder, endedPids: ReadonlySet<number>) {
    this.#run = run;
    this.#path = join(run, LOCK_NAME);
    this.#holder = holder;
    this.endedPids = endedPids;
    this.#timer = setInterval(() => this.#refresh(), REFRESH_SECONDS * 1e3);
    this.#timer.unref();
    if (HELD.size === 0) process.on('exit', releaseAll);
    HELD.set(holder.token, this);
  }

  /**
   * Takes the lock.
   *
   * @param run an existing directory
   * @throws {ConfigurationError} `run_locked`, naming the process that holds it
   * @throws the system's errors when the directory cannot be written
   */
  static acquire(run: string): RunLock {
    const holder: Holder = {
      token: randomBytes(16).toString('hex'),
      since: new Date().toISOString(),
      ...thisProcess(),
    };
    const path = join(run, LOCK_NAME);
    const temporary = temporaryPath(path);
    try {
      writeFileSync(temporary, `${JSON.stringify(holder)}\n`, { flag: 'wx' });
      const nowMs = statSync(temporary).mtimeMs;
      const ended = new Set<number>();
      for (let attempt = 1; !claim(temporary, path); attempt++) {
        const chain = lockChain(run, path);
        const last = chain.at(-1);
        if (last === undefined) continue; // released meanwhile
        if (attempt === ATTEMPTS || isAlive(last, nowMs)) {
          datedAgain(last, nowMs);
          throw locked(run, last, nowMs);
        }
        for (const { holder } of chain) ended.add(holder.pid);
        if (takeOver(run, temporary, chain)) break;
      }
      return new RunLock(run, holder, ended);
    } finally {
      removeLock(temporary);
    }
  }

  /**
   * Makes sure that the lock is still held: a machine that stood still for long may have lost it.
   *
   * @throws {ConfigurationError} `run_locked` when another process has taken the run over
   * @throws {UsageError} `run_closed` after `release`
   */
  verify(): void {
    if (!HELD.has(this.#holder.token)) {
      throw new UsageError(
        'run_closed',
        `the run directory '${this.#run}' has been closed: open it again to write to it`,
      );
    }
    const found = readLock(this.#path);
    if (found?.holder.token === this.#holder.token) return;
    // Removed by a person: it is made again.
    const temporary = temporaryPath(this.#path);
    try {
      writeFileSync(temporary, `${JSON.stringify(this.#holder)}\n`, { flag: 'wx' });
      if (found === undefined && claim(temporary, this.#path)) return;
      const holder = found ?? readLock(this.#path);
      if (holder !== undefined) throw locked(this.#run, holder, statSync(temporary).mtimeMs);
    } finally {
      removeLock(temporary);
    }
  }

  /** Lets others train in the run. May be called more than once. */
  release(): void {
    if (!HELD.delete(this.#holder.token)) return;
    if (HELD.size === 0) process.off('exit', releaseAll);
    clearInterval(this.#timer);
    try {
      if (readLock(this.#path)?.holder.token === this.#holder.token) removeLock(this.#path);
    } catch {
      // The directory is gone or cannot be written: a lock that stays counts as one of an ended process.
    }
  }

  #refresh(): void {
    try {
      if (readLock(this.#path)?.holder.token !== this.#holder.token) return; // the next verify tells
      refreshLock(this.#path);
    } catch {
      // A file system that fails for a moment: the next sign of life may reach it.
    }
  }
}

function successorPath(run: string, { token }: Holder): string {
  return join(run, `${LOCK_NAME}.after-${token}`);
}

/** The lock and those that were to take its place: the last one counts. */
function lockChain(run: string, path: string): FoundLock[] {
  const chain: FoundLock[] = [];
  for (let found = readLock(path); found !== undefined; found = readLock(successorPath(run, found.holder))) {
    if (chain.some(({ holder }) => holder.token === found?.holder.token)) break;
    chain.push(found);
  }
  return chain;
}

/** Takes the place of the last of a chain of ended holders. @returns false when another process was first */
function takeOver(run: string, temporary: string, chain: readonly FoundLock[]): boolean {
  const [first, last] = [chain[0] as FoundLock, chain.at(-1) as FoundLock];
  const successor = successorPath(run, last.holder);
  if (!claim(temporary, successor)) return false;
  if (readLock(first.path)?.holder.token !== first.holder.token) {
    removeLock(successor);
    return false;
  }
  renameLink(temporary, first.path);
  for (const { holder } of chain) removeLock(successorPath(run, holder));
  return true;
}

/** Puts a file in the place of another. A second link keeps the file: renaming one name of a file to another one does nothing. */
function renameLink(temporary: string, path: string): void {
  const copy = temporaryPath(path);
  copyFileSync(temporary, copy, constants.COPYFILE_EXCL);
  renameSync(copy, path);
}
