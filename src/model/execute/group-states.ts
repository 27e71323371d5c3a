/** The states of many sessions, in one block of memory for each state. */
import { allocated } from '../../native/memory.js';
import { CarriedState } from './carried-state.js';
import type { StepProgram } from './step-program.js';

/** Numbers from which on a copy by a view is faster than one number by one, though the view is a new object. */
const LONG_COPY = 256;

function copyRun(from: Float32Array, fromAt: number, to: Float32Array, toAt: number, count: number): void {
  if (count >= LONG_COPY) to.set(from.subarray(fromAt, fromAt + count), toAt);
  else for (let at = 0; at < count; at++) to[toAt + at] = from[fromAt + at] as number;
}

/** The number of places from `at` on that follow each other. */
function runAt(places: Int32Array, at: number, count: number): number {
  let end = at + 1;
  while (end < count && places[end] === (places[end - 1] as number) + 1) end++;
  return end - at;
}

/** States [capacity, units] by name. A session has a place: its row in each of them. */
export class GroupStates {
  readonly #units: ReadonlyMap<string, number>;
  readonly #blocks = new Map<string, Float32Array>();
  /** Places of sessions that have left; those from `#used` on have not been used. */
  readonly #free: number[] = [];
  #used = 0;
  #capacity = 0;

  /** @param units of each state by name @throws {UsageError} `too_large` */
  constructor(units: ReadonlyMap<string, number>, capacity: number) {
    this.#units = units;
    this.#grow(capacity);
  }

  /** Sessions that there is room for before the memory grows. */
  get capacity(): number {
    return this.#capacity;
  }

  /** A place for a session, with states of zero. @throws {UsageError} `too_large` */
  take(): number {
    if (this.#free.length === 0 && this.#used === this.#capacity) this.#grow(2 * this.#capacity);
    const place = this.#free.pop() ?? this.#used++;
    this.reset(place);
    return place;
  }

  /** Gives a place back. */
  leave(place: number): void {
    this.#free.push(place);
  }

  reset(place: number): void {
    for (const [name, units] of this.#units) this.#block(name).fill(0, place * units, (place + 1) * units);
  }

  /** A copy of the states of a session. @param isCarried whether a step has left them */
  read(place: number, isCarried: boolean): CarriedState {
    const values = [...this.#units].map(([name, units]) => {
      return [name, this.#block(name).slice(place * units, (place + 1) * units)] as const;
    });
    return new CarriedState(1, new Map(values), isCarried);
  }

  /** Sets the states of a session. @throws as `CarriedState.copyFrom`; nothing has changed then */
  write(place: number, state: CarriedState): void {
    const checked = CarriedState.zero(1, this.#units);
    checked.copyFrom(state);
    for (const [name, units] of this.#units) {
      this.#block(name).set(checked.values.get(name) as Float32Array, place * units);
    }
  }

  /** Writes the states of the first `count` places into a program. */
  gather({ states }: StepProgram, places: Int32Array, count: number): void {
    for (const { name, units, before } of states) {
      if (before === undefined) continue;
      const block = this.#block(name);
      for (let at = 0; at < count; ) {
        const length = runAt(places, at, count);
        copyRun(block, (places[at] as number) * units, before, at * units, length * units);
        at += length;
      }
    }
  }

  /** Takes the final states of an execution. It cannot fail. */
  scatter({ states }: StepProgram, places: Int32Array, count: number): void {
    for (const { name, units, after } of states) {
      const block = this.#block(name);
      for (let at = 0; at < count; ) {
        const length = runAt(places, at, count);
        copyRun(after, at * units, block, (places[at] as number) * units, length * units);
        at += length;
      }
    }
  }

  #block(name: string): Float32Array {
    return this.#blocks.get(name) as Float32Array;
  }

  #grow(capacity: number): void {
    const larger = [...this.#units].map(([name, units]) => {
      const block = allocated('states', 4 * capacity * units, () => new Float32Array(capacity * units));
      return [name, block] as const;
    });
    for (const [name, block] of larger) {
      block.set(this.#blocks.get(name) ?? []);
      this.#blocks.set(name, block);
    }
    this.#capacity = capacity;
  }
}
