/** What a network asks for, compared with what is there before memory is allocated. */
import type { NetworkDescription } from '../../network/description.js';
import { buildForward } from './build-forward.js';
import { ParameterLayout } from './parameters.js';

/** Compares a parameter or a buffer with what is there. It throws where they differ. */
export type RequestCheck = (what: 'parameter' | 'buffer', name: string, shape: readonly number[]) => void;

/** A layout that has each parameter and buffer checked before it gets its place. */
class CheckedLayout extends ParameterLayout {
  readonly #check: RequestCheck;

  constructor(check: RequestCheck) {
    super();
    this.#check = check;
  }

  override place(...[name, request]: Parameters<ParameterLayout['place']>): number {
    this.#check('parameter', name, request.shape);
    return super.place(name, request);
  }

  override placeBuffer(...[name, request]: Parameters<ParameterLayout['placeBuffer']>): number {
    this.#check('buffer', name, request.shape);
    return super.placeBuffer(name, request);
  }
}

/**
 * The parameters and buffers of a network. A description may claim any size: so the layers are asked for them one after the other, each is
 * checked, and nothing is allocated.
 *
 * @throws {ShapeError} `shape_mismatch`, `rank_mismatch` when the layers do not fit together; what `check` throws
 */
export function checkedLayout(description: NetworkDescription, check: RequestCheck): ParameterLayout {
  const layout = new CheckedLayout(check);
  buildForward(description, layout, { training: false });
  return layout;
}
