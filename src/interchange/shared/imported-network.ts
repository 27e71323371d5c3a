/** What an importer makes of a file: a network of the library, and where each of its numbers comes from. */
import type { Network } from '../../model/network.js';
import type { SourceTensors } from '../sources/source-tensor.js';

/** The numbers of one parameter or buffer, in the order of the library. */
export interface WeightSource {
  /** What it is made of, for messages: the name of a tensor of the file, or of several. */
  readonly from: string;
  /** How many there are. */
  readonly count: number;
  /** The shape that the parameter must have, where that is known of the file: numbers may be as many and stand for others. */
  readonly shape?: readonly number[] | undefined;
  /** [rows * columns], row-major; a new array, or one that nobody changes. */
  read(): Float32Array;
}

/** A file as a network of the library. */
export interface ImportedNetwork {
  readonly network: Network;
  /** Of every parameter and buffer, by the name that it has in the model: `lstm.weight_ih_l0`. */
  readonly weights: ReadonlyMap<string, WeightSource>;
  /** What the user should know, a sentence each: what the file does not say and was taken as given, what was rounded or left out. */
  readonly notes: readonly string[];
}

/** An operator, or a layer, of a file. */
export interface InspectedOperator {
  /** `LSTM`, `Bidirectional(GRU)`. */
  readonly name: string;
  readonly count: number;
  readonly isKnown: boolean;
}

/** What a file holds, without making a model of it. */
export interface Inspection {
  readonly tensors: SourceTensors;
  /** Facts of the file by their names, such as its producer and version. */
  readonly facts: ReadonlyMap<string, string>;
  /** Operators or layers; empty for files that have tensors alone. */
  readonly operators: readonly InspectedOperator[];
  /** The network as text, where the file describes one that can be made here. */
  readonly network?: string;
  /** What an import says of it: the notes of `importModel`. */
  readonly notes?: readonly string[];
  /** Why it cannot be taken over, where that is known. */
  readonly obstacle?: string;
}

/** Options of an importer. */
export interface ImportOptions {
  /** The network that the tensors belong to, where the file does not describe it. */
  readonly network?: Network | undefined;
  /**
   * Modules of the file, and the nodes of the network that they are: `{ 'encoder.rnn': 'lstm', fc: 'dense' }`. A single tensor leads to
   * a parameter: `{ enc_w_ih: 'lstm.weight_ih_l0' }`. What leads to `''` is left out. Needed where names and shapes leave a choice.
   */
  readonly map?: Readonly<Record<string, string>> | undefined;
  /** Path of the JSON that `model.to_json()` of Keras writes, for a file with weights alone. */
  readonly config?: string | undefined;
  /**
   * Which part of a PyTorch checkpoint holds the tensors, where it has several: its keys, joined by dots, such as `model` or
   * `ema.state_dict`; empty for the whole file.
   */
  readonly stateDict?: string | undefined;
  /**
   * What the axes of inputs of an ONNX file are, where it can be read in several ways: `time`, `batch`, `step` (a row for each call of a
   * model of one step) or a number of columns; a state has `state` in front. `{ x: ['batch', 'time', 80] }`
   */
  readonly axes?: Readonly<Record<string, readonly (string | number)[]>> | undefined;
  /** Numbers for inputs of an ONNX file that are the same in every call: `{ sr: 16000 }`. */
  readonly constants?: Readonly<Record<string, number | readonly number[]>> | undefined;
}

/** A format of files. */
export interface Format {
  /** Its name in options and messages: `onnx`. */
  readonly name: string;
  /** As in "it is a PyTorch file". */
  readonly description: string;
  /** Which options its files take; others are refused. */
  readonly options: readonly (keyof ImportOptions)[];
  /**
   * Whether a file is of this format, by its name and its first bytes (KIND_BYTES of core/file-kind).
   *
   * @param path of a file or a folder; for a folder there are no bytes
   */
  recognizes(path: string, begin: Uint8Array): boolean;
  import(path: string, options: ImportOptions): Promise<OpenImport>;
  inspect(path: string): Promise<Inspection>;
}

/** An import whose file is still open, since weights are read from it. */
export interface OpenImport extends ImportedNetwork {
  close(): void;
}
