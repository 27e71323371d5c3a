/**
 * The memory plan: where in the arena each value of a program is. Values whose lifetimes do not overlap share memory.
 * An operation may write over an input that no later operation needs.
 */

import type { Node, Value } from '../graph/value.js';
import { aligned } from '../native/memory.js';
import type { View } from './views.js';

/** What the planner must place. */
export interface PlanRequest {
  /** Instructions in order. */
  readonly nodes: readonly Node[];
  /** Bytes of each value at full capacity. */
  readonly bytesOf: (value: Value) => number;
  /** Values that live in another block. */
  readonly isPlaced: (value: Value) => boolean;
  /** Values that are written before the first instruction. */
  readonly inputs: readonly Value[];
  /** Values that are read after the last instruction. */
  readonly outputs: readonly Value[];
  /** Values that are columns of another value, which has the memory of both. */
  readonly views?: ReadonlyMap<number, View>;
  /** Values that keep their memory from execution to execution. */
  readonly kept: readonly Value[];
}

/** Byte offsets by value id, and the size of the arena. */
export interface MemoryPlan {
  readonly offsets: ReadonlyMap<number, number>;
  readonly bytes: number;
}

/** One piece of memory and the values that use it, one after the other. */
interface Slot {
  readonly values: number[];
  readonly bytes: number;
  first: number;
  last: number;
  offset: number;
}

/** The memory of every value that has its own, and how long it is needed. The uses of its views count as its uses. */
function lives(request: PlanRequest): Map<number, Slot> {
  const { nodes, bytesOf, isPlaced, views } = request;
  const slots = new Map<number, Slot>();
  const owner = (value: Value) => views?.get(value.id)?.base ?? value;
  const begin = (value: Value, first: number) => {
    if (isPlaced(value) || slots.has(value.id)) return;
    slots.set(value.id, { values: [value.id], bytes: aligned(bytesOf(value)), first, last: first, offset: -1 });
  };
  for (const value of [...request.inputs, ...request.kept]) begin(value, -1);
  nodes.forEach((node, index) => {
    for (const value of node.inputs.values()) {
      const slot = slots.get(owner(value).id);
      if (slot !== undefined) slot.last = index;
    }
    for (const value of node.outputs.values()) begin(owner(value), index);
  });
  for (const value of [...request.outputs, ...request.kept]) {
    const slot = slots.get(value.id);
    if (slot !== undefined) slot.last = nodes.length;
  }
  return slots;
}

/** Lets outputs take the memory of inputs that end at the same instruction, where the operation allows it. */
function mergeInPlace({ nodes, bytesOf }: PlanRequest, slots: Map<number, Slot>, pinned: ReadonlySet<number>): void {
  nodes.forEach((node, index) => {
    for (const [outputName, inputName] of Object.entries(node.operation.inPlace)) {
      const output = node.outputs.get(outputName);
      const input = node.inputs.get(inputName);
      if (output === undefined || input === undefined || pinned.has(input.id)) continue;
      const uses = [...node.inputs.values()].filter((value) => value.id === input.id).length;
      const from = slots.get(input.id);
      const to = slots.get(output.id);
      if (from === undefined || to === undefined || from === to) continue;
      // Values of the same size are stored in numbers of the same size.
      if (from.last !== index || bytesOf(input) !== bytesOf(output) || uses !== 1) continue;
      from.values.push(...to.values);
      from.last = Math.max(from.last, to.last);
      for (const id of to.values) slots.set(id, from);
    }
  });
}

/**
 * Places every value: the largest first, each at the lowest offset that no value with an overlapping lifetime uses (as
 * in Pisarchyk & Lee 2020, "greedy by size").
 */
export function planMemory(request: PlanRequest): MemoryPlan {
  const slots = lives(request);
  const bases = [...(request.views?.values() ?? [])].map(({ base }) => base);
  mergeInPlace(request, slots, new Set([...request.kept, ...request.outputs, ...bases].map(({ id }) => id)));
  const unique = [...new Set(slots.values())].sort(
    (a, b) => b.bytes - a.bytes || a.first - b.first || (a.values[0] as number) - (b.values[0] as number),
  );
  const placed: Slot[] = [];
  let bytes = 0;
  for (const slot of unique) {
    const rivals = placed
      .filter((other) => other.first <= slot.last && slot.first <= other.last)
      .sort((a, b) => a.offset - b.offset);
    let offset = 0;
    for (const rival of rivals) {
      if (rival.offset - offset >= slot.bytes) break;
      offset = Math.max(offset, rival.offset + rival.bytes);
    }
    slot.offset = offset;
    bytes = Math.max(bytes, offset + slot.bytes);
    placed.push(slot);
  }
  const offsets = new Map<number, number>();
  for (const slot of placed) for (const id of slot.values) offsets.set(id, slot.offset);
  return { offsets, bytes };
}
