/**
 * JSON as data: its types, a strict reader for untrusted text, a canonical text, and the differences of two values.
 */

/** Any JSON value. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** A JSON object. */
export type JsonObject = { readonly [key: string]: JsonValue };

/** Deeper nesting than this is refused, so that code which walks the value recursively cannot overflow the stack. */
export const MAX_JSON_DEPTH = 100;

/** True for a JSON object; false for arrays, null and everything else. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const [QUOTE, BACKSLASH, BRACE, CLOSING_BRACE, BRACKET, CLOSING_BRACKET] = Array.from('"\\{}[]', (sign) =>
  sign.charCodeAt(0),
);

const COLON = ':'.charCodeAt(0);
const WHITE_SPACE = Array.from(' \t\n\r', (sign) => sign.charCodeAt(0));

/** Index of the quote that closes the string opened at `open`. The text is known to be valid JSON. */
function closingQuote(text: string, open: number): number {
  for (let quote = text.indexOf('"', open + 1); ; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return quote;
  }
}

function isKey(text: string, afterString: number): boolean {
  let at = afterString;
  while (WHITE_SPACE.includes(text.charCodeAt(at))) at++;
  return text.charCodeAt(at) === COLON;
}

/** As many keys are compared one by one: a set for each small object would take most of the time. */
const MOST_IN_LIST = 8;

/** The keys of an open object. */
class Keys {
  readonly #first: string[] = [];
  #all: Set<string> | undefined;

  /** Adds a key; false where it is there already. */
  add(key: string): boolean {
    if (this.#all?.has(key) ?? this.#first.includes(key)) return false;
    if (this.#all !== undefined) this.#all.add(key);
    else if (this.#first.push(key) > MOST_IN_LIST) this.#all = new Set(this.#first);
    return true;
  }
}

function checkStructure(text: string): void {
  const open: (Keys | undefined)[] = []; // nothing for an array
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === BRACE || character === BRACKET) {
      open.push(character === BRACE ? new Keys() : undefined);
    } else if (character === CLOSING_BRACE || character === CLOSING_BRACKET) {
      open.pop();
    } else if (character === QUOTE) {
      const end = closingQuote(text, at);
      if (isKey(text, end + 1)) {
        const written = text.slice(at + 1, end);
        const key = written.includes('\\') ? (JSON.parse(`"${written}"`) as string) : written;
        if (open.at(-1)?.add(key) === false) {
          throw new SyntaxError(`key ${JSON.stringify(key)} occurs twice in one object`);
        }
      }
      at = end;
    }
  }
}

/** Refuses deep nesting before anything is built of it: JSON.parse takes seconds for ten million brackets. The text may be invalid. */
function checkDepth(text: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === BRACE || character === BRACKET) {
      if (++depth > MAX_JSON_DEPTH) throw new SyntaxError(`nested deeper than ${MAX_JSON_DEPTH} levels`);
    } else if (character === CLOSING_BRACE || character === CLOSING_BRACKET) {
      depth--;
    } else if (character === QUOTE) {
      for (at++; at < text.length && text.charCodeAt(at) !== QUOTE; at++) if (text.charCodeAt(at) === BACKSLASH) at++;
    }
  }
}

/** Like JSON.parse, but refuses nesting deeper than MAX_JSON_DEPTH. @throws {SyntaxError} */
export function parseShallowJson(text: string): JsonValue {
  checkDepth(text);
  return JSON.parse(text) as JsonValue;
}

/**
 * Like JSON.parse, but also refuses a key that occurs twice in one object, and nesting deeper than MAX_JSON_DEPTH.
 *
 * @throws {SyntaxError} for every text that it does not accept, and nothing else
 */
export function parseStrictJson(text: string): JsonValue {
  const value = parseShallowJson(text);
  checkStructure(text);
  return value;
}

/**
 * The canonical text of a JSON value: keys sorted by UTF-16 code unit, no spaces, undefined members omitted. Equal
 * values have equal texts, and `parseStrictJson` reads all of them.
 *
 * @throws {TypeError} for values that JSON cannot represent (NaN, infinities, functions, undefined in an array), and
 * for nesting deeper than MAX_JSON_DEPTH, including cycles
 */
export function canonicalJson(value: JsonValue): string {
  return writeCanonical(value, 0);
}

function writeCanonical(value: JsonValue, depth: number): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`${value} cannot be written as JSON`);
  if (value === null || typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') {
    return JSON.stringify(value);
  }
  if (depth === MAX_JSON_DEPTH) throw new TypeError(`nesting deeper than ${MAX_JSON_DEPTH} levels cannot be written`);
  if (Array.isArray(value)) {
    // Not map(): it skips the holes of a sparse array.
    return `[${Array.from(value, (item: JsonValue) => writeCanonical(item, depth + 1)).join(',')}]`;
  }
  if (!isJsonObject(value)) throw new TypeError(`a value of type ${typeof value} cannot be written as JSON`);
  const members = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${writeCanonical(value[key] as JsonValue, depth + 1)}`);
  return `{${members.join(',')}}`;
}

/** Where two JSON values differ: a path such as `model.layers[1].units`, and both values (undefined: absent). */
export interface JsonDifference {
  readonly path: string;
  readonly left: JsonValue | undefined;
  readonly right: JsonValue | undefined;
}

/**
 * All differences, in the order of the left value's keys, then of the right value's; empty when the values are equal.
 */
export function* jsonDifferences(
  left: JsonValue | undefined,
  right: JsonValue | undefined,
  path = '',
): Generator<JsonDifference> {
  if (Array.isArray(left) && Array.isArray(right)) {
    for (let index = 0; index < Math.max(left.length, right.length); index++) {
      yield* jsonDifferences(left[index], right[index], `${path}[${index}]`);
    }
  } else if (isJsonObject(left) && isJsonObject(right)) {
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
      yield* jsonDifferences(ownMember(left, key), ownMember(right, key), path === '' ? key : `${path}.${key}`);
    }
  } else if (left !== right) {
    yield { path, left, right };
  }
}

function ownMember(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
