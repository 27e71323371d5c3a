/** Forecasts of windows, all steps at once or each step read back in. */
import { packSequences } from '../data/packed-batch.js';
import type { SequenceExample } from '../data/sequence-packing.js';
import type { Model } from '../model/model.js';
import type { WindowForm } from './forecast-windows.js';
import { outputsOf } from './outputs.js';
import { examplesOf, type Part } from './task.js';

/** An example and its forecast. */
export interface ExampleForecast {
  readonly example: SequenceExample;
  /** [horizon * targets] against the last known step. */
  readonly forecast: Float32Array;
}

/** Windows that are forecast side by side. It changes memory and speed, not the result. */
const AT_ONCE = 256;

/** The forecast of every window of a part, in their order. @throws the signal's reason when it is aborted */
export async function* forecastsOf(
  model: Model,
  part: Part,
  form: WindowForm,
  signal?: AbortSignal,
): AsyncGenerator<ExampleForecast, void, void> {
  if (form.mode === 'direct') {
    const packing = { features: form.width, targetPer: 'sequence' } as const;
    for await (const { example, output } of outputsOf(
      model,
      part,
      { ...packing, targetFeatures: form.horizon * form.targets },
      signal,
    )) {
      yield { example, forecast: output };
    }
    return;
  }
  for await (const examples of examplesOf(part, AT_ONCE)) {
    const forecasts = await stepByStep(model, examples, form, signal);
    for (const [at, example] of examples.entries()) yield { example, forecast: forecasts[at] as Float32Array };
  }
}

/**
 * Reads what is known, then the forecast of each step as the next input, with the state carried on: what a stream does, for
 * many windows side by side.
 */
async function stepByStep(
  model: Model,
  examples: readonly SequenceExample[],
  { history, horizon, width }: WindowForm,
  signal?: AbortSignal,
): Promise<Float32Array[]> {
  const run = { state: model.newState(examples.length), ...(signal !== undefined && { signal }) };
  const known = examples.map(({ input }) => (input as Float32Array).subarray(0, history * width));
  // Equal lengths keep their order: row b of a step belongs to example b.
  let changes: Float32Array = (await model.predict(packSequences(known, { features: width }), run)).slice(
    -examples.length * width,
  );
  const last = known.map((rows) => rows.slice(-width));
  const forecasts = known.map(() => new Float32Array(horizon * width));
  for (let step = 0; ; step++) {
    for (const [at, forecast] of forecasts.entries()) {
      for (let column = 0; column < width; column++) {
        const before = step === 0 ? 0 : (forecast[(step - 1) * width + column] as number);
        forecast[step * width + column] = before + (changes[at * width + column] as number);
      }
    }
    if (step === horizon - 1) return forecasts;
    const next = forecasts.map((forecast, at) =>
      (last[at] as Float32Array).map((value, column) => value + (forecast[step * width + column] as number)),
    );
    changes = await model.predict(packSequences(next, { features: width }), run);
  }
}
