/** The weights of the best validation of a run, for the model when the run ends. */
import { weightTensors } from '../saved/model-tensors.js';
import type { RunCheckpoints } from './run-checkpoints.js';
import type { RunState } from './run-state.js';
import { type TrainableModel, whileIdle } from './trainable-model.js';

/** What of a model is put back. */
type WeightedModel = Pick<TrainableModel, 'parameters' | 'buffers' | 'parametersChanged' | 'whileIdle'>;

/**
 * The best weights of a run: those of its best checkpoint if it has a directory, else a copy in memory of the size of
 * the weights.
 */
export class BestWeights {
  readonly #model: WeightedModel;
  readonly #checkpoints: RunCheckpoints | undefined;
  readonly #keep: 'best' | 'last';
  #kept: ReadonlyMap<string, Float32Array> | undefined;

  /** @param keep which weights the model has at the end */
  constructor(model: WeightedModel, checkpoints: RunCheckpoints | undefined, keep: 'best' | 'last') {
    this.#model = model;
    this.#checkpoints = checkpoints;
    this.#keep = keep;
  }

  /** Records that the current weights are the best so far. With a directory the next checkpoint stores this. */
  note(): void {
    if (this.#checkpoints !== undefined || this.#keep === 'last') return;
    const kept = this.#kept;
    if (kept === undefined) {
      this.#kept = new Map([...weightTensors(this.#model)].map(([name, { data }]) => [name, data.slice()]));
      return;
    }
    for (const [name, { data }] of weightTensors(this.#model)) kept.get(name)?.set(data);
  }

  /**
   * Copies the best weights into the model if `keep` asks for them. Optimizer and step stay those of the last step.
   * Called when the last checkpoint has been written. Predictions that are under way end before, and see the last weights.
   *
   * @returns which weights the model has
   * @throws {CheckpointError} `checkpoint_missing`, `checkpoint_mismatch` when the best checkpoint does not exist or is
   * of another step; others when it cannot be read
   */
  async choose({ step, best }: Pick<RunState, 'step' | 'best'>): Promise<'best' | 'last'> {
    if (best === undefined || this.#keep === 'last') return 'last';
    if (best.step === step) return 'best';
    const weights = weightTensors(this.#model);
    await this.#checkpoints?.restoreBest(this.#model, best.step);
    const kept = this.#kept;
    if (kept === undefined) return 'best';
    await whileIdle(this.#model, () => {
      for (const [name, values] of kept) weights.get(name)?.data.set(values);
      this.#model.parametersChanged();
    });
    return 'best';
  }
}
