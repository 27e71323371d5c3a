/** The values of a pickle, as data. */

/** A tuple. */
export class PickleTuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

/** A dict or an OrderedDict. Keys that are objects are compared by identity. */
export class PickleDict {
  readonly entries = new Map<PickleValue, PickleValue>();
}

/** A set. */
export class PickleSet {
  readonly items = new Set<PickleValue>();
}

/** A list; it may hold itself. */
export class PickleList {
  readonly items: PickleValue[] = [];
}

/** What rules make. */
export abstract class PickleObject {
  /** What it is in Python, for messages. */
  abstract readonly what: string;
}

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleTuple
  | PickleDict
  | PickleSet
  | PickleList
  | PickleObject;
