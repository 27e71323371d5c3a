/**
 * The native addon, mirrored one to one. The folders above this one call C++ through these interfaces only.
 */
import { NativeError } from '../core/errors.js';
import { loadBinding, outdatedError } from './loader.js';

/** Counts up with every change of the interfaces below, as `kInterfaceVersion` of native/binding/interface.h does. */
export const interfaceVersion = 1;

/**
 * For each time axis the sample of each of its sequences; undefined: the sample is the sequence's own number. Two
 * sequences of different axes belong together when they have the same sample.
 */
export type AxisSamples = readonly (Int32Array | null | undefined)[];

/** A loaded program. It executes once at a time; a second execution is refused with code `model_busy`. */
export interface NativeProgram {
  /** Executes on the calling thread and on those members of the thread team that are free. Blocks. */
  execute(batchSizes: readonly Int32Array[], first: number, samples?: AxisSamples): void;
  /** Executes on the team, off the event loop; `done` is called on this thread when the execution has ended. */
  start(
    batchSizes: readonly Int32Array[],
    first: number,
    done: (cancelled: boolean) => void,
    samples?: AxisSamples,
  ): void;
  /** Asks the current execution to stop. It stops only while no parameter has been changed. */
  cancel(): void;
  /** Refuses executions from now on. The memory is free when the program is no longer reachable. */
  dispose(): void;
  /** Bytes of scratch memory; 0 after `dispose`. */
  scratchBytes(): number;
}

/**
 * Keeps readers of a model's parameters and the update of a training step apart. Readers work while a training step computes
 * gradients; its update waits for those that have entered.
 */
export interface NativeUpdateLock {
  /** A reader begins, on this thread. It blocks while an update is being written. It may enter again before it leaves. */
  enter(): void;
  /** A reader ends. */
  leave(): void;
  /** Number of updates that have begun. It does not change between `enter` and `leave`. */
  updates(): number;
}

/** Statistics of a value: norm and range of its finite entries, and how many are NaN or infinite. */
export interface Probe {
  readonly norm: number;
  readonly low: number;
  readonly high: number;
  readonly nonFinite: number;
  /** Index of the first entry that is NaN or infinite, or -1. */
  readonly firstNonFinite: number;
}

/** The functions of the addon (native/binding/addon.cc). */
export interface NativeAddon {
  readonly interfaceVersion: number;
  configure(isa: string): void;
  info(): { version: string; isa: string; supported: string[]; note: string; eigen: string };
  operationsFingerprint(): string;
  /** Types that there are kernels for: of arithmetic, and of packed weights. */
  kernelTypes(): { compute: string; weights: string; activations: string }[];
  packedSize(inputs: number, outputs: number, gates: number, compute: string, weights: string): number;
  misalignment(bytes: Uint8Array): number;
  probe(values: Float32Array | Float64Array): Probe;
  readonly Program: new (
    words: Int32Array,
    attributes: Float64Array,
    blocks: readonly Uint8Array[],
    threads: number,
    grain?: number,
    lock?: NativeUpdateLock,
    /** Gives the scratch memory, as `allocateBlock` does; without it the addon allocates its own, unknown to V8. */
    allocate?: (bytes: number) => Uint8Array,
  ) => NativeProgram;
  readonly UpdateLock: new () => NativeUpdateLock;
}

let addon: NativeAddon | undefined;

/**
 * The addon, loaded and configured at the first call; `BPTT_ISA` forces an instruction set.
 *
 * @throws {NativeError} `native_missing` when there is no binary for this platform, `addons_denied` when this process may
 * not load it, `native_outdated` when it was built from other sources, `isa_unsupported` when `BPTT_ISA` names a set that is unknown or that this processor lacks
 */
export function native(): NativeAddon {
  if (addon === undefined) {
    const loaded = checkedBinding(loadBinding());
    try {
      loaded.configure(process.env['BPTT_ISA'] ?? 'auto');
    } catch (error) {
      throw asNativeError(error);
    }
    addon = loaded;
  }
  return addon;
}

/** The addon. @throws {NativeError} `native_outdated` when it has other functions than this library calls */
export function checkedBinding(loaded: unknown): NativeAddon {
  const { interfaceVersion: found } = loaded as Partial<NativeAddon>;
  if (found === interfaceVersion) return loaded as NativeAddon;
  const has = found === undefined ? 'an interface without a version' : `version ${found} of the interface`;
  throw outdatedError(`${has}, and this code needs version ${interfaceVersion}`, { expected: interfaceVersion, found });
}

/** An error of the addon as an error of this library, with the same code. */
export function asNativeError(error: unknown): NativeError {
  if (error instanceof NativeError) return error;
  const { code, message } = error as { code?: unknown; message?: unknown };
  return new NativeError(typeof code === 'string' ? code : 'native_failed', String(message), {}, error);
}
