/** Changes of JSON values that keep them JSON: what a forged description or configuration may say. */
import fc from 'fast-check';
import type { JsonValue } from '../../src/core/json.js';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Nested as deeply as the reader of JSON accepts. */
function nested(depth: number): Json {
  let value: Json = [];
  for (let level = 1; level < depth; level++) value = level % 2 === 0 ? [value] : { layers: value };
  return value;
}

const NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', 'length', 'kind', ''];
const VALUES: readonly Json[] = [
  ...[
    null,
    true,
    false,
    0,
    1,
    -1,
    0.5,
    3,
    255,
    256,
    65_536,
    1e6,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32,
    2 ** 53,
    1e21,
    1e308,
    5e-324,
  ],
  ...['1', 'lstm', 'mean', 'x'.repeat(5000), '\ud800', 'a\u0000b', '../../x', ...NAMES],
  ...[[], {}, [null], [[]], [0, 0], [-1, 2 ** 40], nested(90), Array.from({ length: 300 }, (_, at) => at)],
  ...[
    { length: 1e9 },
    { kind: 'lstm', units: 1e9 },
    { kind: 'dense', units: 2 ** 31 },
    { kind: '__proto__' },
    { toJSON: 1 },
  ],
  JSON.parse('{"__proto__":{"kind":"dense","units":3}}') as Json,
];

const FACTORS = [-1, 0, 1.5, 2, 1000, 1e6, 1e12];

interface JsonChange {
  readonly kind: 'replace' | 'remove' | 'rename' | 'add' | 'copy' | 'wrap' | 'scale';
  readonly node: number;
  readonly other: number;
  readonly value: Json;
  readonly name: string;
}

const jsonChange: fc.Arbitrary<JsonChange> = fc.record({
  kind: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'rename', 'add', 'copy', 'wrap', 'scale'),
  node: fc.nat(),
  other: fc.nat(),
  value: fc.constantFrom(...VALUES),
  name: fc.constantFrom(...NAMES),
});

interface Place {
  readonly holder: Json[] | { [key: string]: Json };
  readonly key: string | number;
}

/** All places of a value, except the value itself. */
function placesIn(value: Json, places: Place[] = []): Place[] {
  if (typeof value !== 'object' || value === null) return places;
  for (const key of Array.isArray(value) ? value.keys() : Object.keys(value)) {
    places.push({ holder: value, key });
    placesIn((value as Record<string | number, Json>)[key] as Json, places);
  }
  return places;
}

/** Sets a member as reading JSON does: also that of the name __proto__. */
function put({ holder, key }: Place, value: Json): void {
  Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
}

function at({ holder, key }: Place): Json {
  return (holder as Record<string | number, Json>)[key] as Json;
}

function apply(root: Json, { kind, node, other, value, name }: JsonChange): void {
  const places = placesIn(root);
  const place = places[node % Math.max(1, places.length)];
  if (place === undefined) return;
  const { holder, key } = place;
  const copy = (source: Json) => JSON.parse(JSON.stringify(source)) as Json;
  if (kind === 'replace') put(place, copy(value));
  else if (kind === 'remove') Array.isArray(holder) ? holder.splice(key as number, 1) : delete holder[key];
  else if (kind === 'add') put({ holder, key: Array.isArray(holder) ? holder.length : name }, copy(value));
  else if (kind === 'copy') put(place, copy(at(places[other % places.length] as Place)));
  else if (kind === 'wrap') put(place, other % 2 === 0 ? [at(place)] : { kind: at(place) });
  else if (kind === 'scale') {
    const old = at(place);
    if (typeof old === 'number') put(place, old * (FACTORS[other % FACTORS.length] as number));
    else if (Array.isArray(old)) put(place, Array.from({ length: 1 + (other % 200) }, () => copy(old)).flat());
  } else if (!Array.isArray(holder)) {
    const old = at(place);
    delete holder[key];
    put({ holder, key: name }, old);
  }
}

/** A JSON value after one to four changes. */
export function mutatedJson<T extends JsonValue>(bases: readonly T[]): fc.Arbitrary<T> {
  const changes = fc.array(jsonChange, { minLength: 1, maxLength: 4 });
  return fc.record({ base: fc.nat(bases.length - 1), changes }).map(({ base, changes }) => {
    const holder = { root: JSON.parse(JSON.stringify(bases[base])) as Json };
    for (const each of changes) apply(holder.root, each);
    return holder.root as T;
  });
}
