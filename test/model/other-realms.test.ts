/** Arguments of another realm (`node:vm`, test runners, messages of worker threads) are known by what they are. */
import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import {
  type Batch,
  type CarriedState,
  checkGradients,
  dense,
  embedding,
  gru,
  lstm,
  type Model,
  packExamples,
  packSequences,
  padSequences,
  recurrentCell,
  sequential,
  Trainer,
} from '../../src/index.js';
import { loadTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { parityFile, QUIET } from '../tasks/trained.js';

const realm = createContext({});

/** A copy of a value made of the objects, lists, maps and typed arrays of another realm. */
function foreign<T>(value: T): T {
  const make = (code: string) => runInContext(code, realm);
  if (ArrayBuffer.isView(value)) return make(value.constructor.name).from(value);
  if (Array.isArray(value)) return make('Array').from(value.map(foreign));
  if (value instanceof Map) return make('(entries) => new Map(entries)')([...value].map(foreign));
  if (typeof value !== 'object' || value === null) return value;
  const copy = make('({})');
  for (const [key, each] of Object.entries(value)) copy[key] = foreign(each);
  return copy;
}

const ids = [
  [1, 2, 3],
  [4, 0],
];
const targets = [0, 1];
const compile = () =>
  sequential([embedding({ size: 5, units: 3 }), gru({ units: 4, output: 'last' }), dense({ units: 2 })]).compileSync({
    ...{ loss: 'softmaxCrossEntropy', threads: 1, seed: 3 },
  });
const packed = () =>
  packSequences(
    ids.map((each) => Int32Array.from(each)),
    { sequenceTargets: Int32Array.from(targets) },
  );
const stateOf = (model: Model, values: readonly number[]) => {
  const state = model.newState(2);
  for (const name of state.values.keys())
    state.set(
      name,
      Float32Array.from({ length: 8 }, (_, at) => values[at % values.length] as number),
    );
  return state;
};

/** A call with arguments of this realm, and the same call with those of another one. */
type Call = (model: Model, of: <T>(value: T) => T) => unknown;

const calls: Readonly<Record<string, Call>> = {
  'predict: plain ids': (model, of) => model.predict(of(ids)),
  'predict: typed arrays': (model, of) => model.predict(of(ids.map((each) => Int32Array.from(each)))),
  'predict: named': (model, of) => model.predict(of({ input: ids }), of({ as: 'padded' as const })),
  'predict: packed': (model, of) => model.predict(of(packed())),
  predictSync: (model, of) => model.predictSync(of(ids)),
  'predictPacked with a state': async (model, of) => {
    const state = of(stateOf(model, [0.5, -0.5]) as CarriedState);
    return [await model.predictPacked(of(packed()), { state }), Object.fromEntries(state.values)];
  },
  'predictPackedSync with a state': (model, of) =>
    model.predictPackedSync(of(packed()), { state: of(stateOf(model, [0.25]) as CarriedState) }),
  evaluate: (model, of) => model.evaluate(of({ inputs: ids, targets })),
  'evaluate with a state': (model, of) =>
    model.evaluate(of(packed()), { state: of(stateOf(model, [0.25]) as CarriedState) }),
  trainStep: (model, of) => model.trainStep(of({ inputs: ids, targets }), of({ learningRate: 0.1 })),
  'trainStep with a state': (model, of) =>
    model.trainStep(of(packed()), { state: of(stateOf(model, [0.25]) as CarriedState) }),
  gradients: (model, of) => model.gradients(of(packed()), of({ of: ['dense.weight', 'state:gru.h_l0'] })),
  checkGradients: (model, of) =>
    checkGradients(model, of(packed()), { state: of(stateOf(model, [0.25]) as CarriedState), elements: 2 }).passed,
  diagnose: (model, of) => model.diagnose(of({ inputs: ids, targets }), { state: of(stateOf(model, [1])) }) ?? null,
  fit: async (model, of) => {
    const { trainingLoss } = await new Trainer(model, of({ epochs: 2, progress: false })).fit(
      of({ inputs: ids, targets }),
    );
    return trainingLoss;
  },
  packExamples: (_model, of) =>
    packExamples(of([{ a: Float32Array.of(1, 2) }, { a: Float32Array.of(3) }]), of({ inputs: { a: {} }, targets: {} })),
  'packExamples of two realms': (_model, of) =>
    packExamples([{ a: Float32Array.of(1, 2) }, of({ a: Float32Array.of(3) })], { inputs: { a: {} }, targets: {} }),
  padSequences: (_model, of) => padSequences(of([Float32Array.of(1, 2), Float32Array.of(3)])),
};

describe('arguments of another realm give what those of this one give', () => {
  it.each(Object.keys(calls))('%s', async (name) => {
    const call = calls[name] as Call;
    const [here, there] = [compile(), compile()];
    const expected = await call(here, (value) => value);
    const found = await call(there, foreign);
    expect(JSON.stringify(found)).toBe(JSON.stringify(expected));
    expect(JSON.stringify([...there.parameters])).toBe(JSON.stringify([...here.parameters]));
  });

  it('steps, pieces and snapshots of a stream', () => {
    const model = sequential([lstm({ units: 3 }), dense({ units: 1 })], { features: 2 }).compileSync({
      ...{ loss: 'meanSquaredError', threads: 1 },
    });
    const [here, there] = [model.stream(), model.stream()];
    expect(there.step(foreign(Float32Array.of(1, 2)))).toEqual(here.step([1, 2]));
    expect(there.step(foreign([3, 4]))).toEqual(here.step([3, 4]));
    expect(
      there.read(
        foreign([
          [1, 0],
          [0, 1],
        ]),
      ),
    ).toEqual(
      here.read([
        [1, 0],
        [0, 1],
      ]),
    );
    const later = model.stream();
    // What a message of another thread makes of a snapshot: its class is lost.
    later.restore(structuredClone(here.snapshot()) as never);
    expect(later.steps).toBe(4);
    expect(later.step([5, 6])).toEqual(here.step([5, 6]));
    const state = here.snapshot().state.clone();
    state.set('lstm.h_l0', foreign(Float32Array.of(1, 2, 3)));
    expect([...(state.values.get('lstm.h_l0') as Float32Array)]).toEqual([1, 2, 3]);
    state.copyFrom(foreign(here.snapshot().state));
    expect(state.values).toEqual(here.snapshot().state.values);
  });

  it('steps of a cell', () => {
    const cell = recurrentCell(gru({ units: 2 }), { inputs: 1, threads: 1 });
    const state = cell.newState(1);
    const expected = cell.step(Float32Array.of(0.5), state);
    const found = cell.step(foreign(Float32Array.of(0.5)), foreign(state));
    expect(found).toEqual(expected);
    const upstream = { output: Float32Array.of(1, 1) };
    expect(cell.gradient(foreign(Float32Array.of(0.5)), foreign(state), foreign(upstream))).toEqual(
      cell.gradient(Float32Array.of(0.5), state, upstream),
    );
  });

  it('values and pieces of a loaded task', async () => {
    const directory = temporaryDirectory();
    const options = { ...QUIET, epochs: 1, units: 4, direction: 'forward', valid: 0, test: 0 } as const;
    const out = `${directory}/run`;
    await trainTask('tag', { ...options, data: parityFile(directory, 20), out });
    const tags = await loadTask(out, foreign({ task: 'tag' as const, threads: 1 }));
    expect(await tags.predict(foreign(['1101']))).toEqual(await tags.predict(['1101']));
    tags.dispose();
  });
});

describe('what only looks like a state', () => {
  it.each<[string, unknown]>([
    ['values that are no map', { batch: 2, values: { 'gru.h_l0': new Float32Array(8) } }],
    ['an object that calls itself a map', { batch: 2, values: { [Symbol.toStringTag]: 'Map', get: () => 0 } }],
    ['values of another type', foreign({ batch: 2, values: new Map([['gru.h_l0', new Float64Array(8)]]) })],
    ['values of another size', foreign({ batch: 2, values: new Map([['gru.h_l0', new Float32Array(7)]]) })],
    ['nothing', null],
  ])('is refused: %s', async (_name, state) => {
    const model = compile();
    await expect(model.predictPacked(packed() as Batch, { state: state as CarriedState })).rejects.toMatchObject({
      code: 'state_mismatch',
    });
  });
});
