/** Reading HDF5 files through the package h5wasm. */
import type { ByteSource } from '../../core/byte-source.js';
import { DataError } from '../../core/errors.js';
import { optionalPackage } from '../shared/optional-package.js';
import { bytesOf, type NumberType, toFloat32 } from '../sources/number-types.js';
import { countOf, type SourceTensor } from '../sources/source-tensor.js';

/** The package, ready to be used. */
export type Hdf5Package = typeof import('h5wasm');
type Package = Hdf5Package;
type Module = Awaited<Package['ready']>;
type Group = InstanceType<Package['Group']>;
type Dataset = InstanceType<Package['Dataset']>;
type Metadata = Dataset['metadata'];

/** Classes of types in HDF5 (H5T_class_t). */
const [INTEGER, FLOAT] = [0, 1];

/** Kinds of objects of HDF5, as `Group.get_type` gives them. Links and types are not followed. */
const [GROUP, DATASET] = [0, 1];

/** Bytes of a tensor that are read at once, if its first axis and its chunks allow it. */
const PART_BYTES = 2 ** 24;

/** Longest text of an attribute that is read. */
const MOST_TEXT = 2 ** 27;

/** A deflated part has at most so many times its bytes. */
const MOST_DEFLATION = 1032;

/**
 * The package h5wasm, with errors that are thrown.
 *
 * @param purpose as in "reading Keras files needs the package"
 * @throws {InterchangeError} `missing_package`
 */
export async function loadHdf5(purpose: string): Promise<{ hdf5: Package; module: Module }> {
  const hdf5 = await optionalPackage('h5wasm', purpose, () => import('h5wasm'));
  const module = await hdf5.ready;
  // Otherwise a failed call prints its error and goes on.
  (module as Module & { activate_throwing_error_handler(): void }).activate_throwing_error_handler();
  return { hdf5, module };
}

/** What of the file system of Emscripten is used. It is in memory, so a file cannot make the package open another one. */
interface VirtualFiles {
  mount(type: { mount(): VirtualNode }, options: object, path: string): void;
  unmount(path: string): void;
  mkdir(path: string): void;
  rmdir(path: string): void;
  createNode(parent: VirtualNode | null, name: string, mode: number, device: number): VirtualNode;
  readonly ErrnoError: new (code: number) => Error;
}

interface VirtualNode {
  node_ops: object;
  stream_ops: object;
}

interface VirtualStream {
  readonly position: number;
}

const [NO_ENTRY, INVALID, READ_ONLY] = [44, 28, 69];
const [FOLDER_MODE, FILE_MODE] = [0o40555, 0o100444];

/**
 * Shows bytes as the file `path`/data, which are read where the package wants them.
 *
 * @param node a number that no other file has: HDF5 takes two files of one number for the same
 */
function mountBytes(files: VirtualFiles, path: string, source: ByteSource, node: number): void {
  const refuse = (code: number) => () => {
    throw new files.ErrnoError(code);
  };
  const never = new Date(0);
  const attributes = (mode: number, size: number) => () => {
    const times = { atime: never, mtime: never, ctime: never };
    return { dev: 1, ino: node, mode, nlink: 1, uid: 0, gid: 0, rdev: 0, size, blksize: 4096, blocks: 1, ...times };
  };
  const refused = { lookup: refuse(NO_ENTRY), setattr: refuse(READ_ONLY) };
  const mount = () => {
    const root = files.createNode(null, '/', FOLDER_MODE, 0);
    root.node_ops = { ...refused, getattr: attributes(FOLDER_MODE, 4096) };
    root.stream_ops = {};
    const file = files.createNode(root, 'data', FILE_MODE, 0);
    file.node_ops = { ...refused, getattr: attributes(FILE_MODE, source.size) };
    file.stream_ops = {
      llseek({ position }: VirtualStream, offset: number, whence: number) {
        const place = offset + (whence === 1 ? position : whence === 2 ? source.size : 0);
        if (place < 0) refuse(INVALID)();
        return place;
      },
      read(_: VirtualStream, buffer: Uint8Array, offset: number, length: number, position: number) {
        const count = Math.max(0, Math.min(length, source.size - position));
        buffer.set(source.read(position, count), offset);
        return count;
      },
    };
    return root;
  };
  files.mkdir(path);
  files.mount({ mount }, {}, path);
}

let mounted = 0;

/** An open HDF5 file. Close it at the end. */
export class Hdf5File {
  readonly #source: ByteSource;
  readonly #root: InstanceType<Package['File']>;
  readonly #files: VirtualFiles;
  readonly #path: string;
  readonly #hdf5: Package;
  readonly #module: Module;
  #isOpen = true;

  private constructor(source: ByteSource, hdf5: Package, module: Module) {
    this.#source = source;
    this.#hdf5 = hdf5;
    this.#module = module;
    this.#files = module.FS as unknown as VirtualFiles;
    const node = ++mounted;
    this.#path = `/bptt-${node}`;
    mountBytes(this.#files, this.#path, source, node);
    try {
      this.#root = this.#checked('', () => new hdf5.File(`${this.#path}/data`, 'r'));
    } catch (error) {
      this.#unmount();
      throw error;
    }
  }

  /**
   * Opens a file.
   *
   * @throws {InterchangeError} `missing_package`
   * @throws {DataError} `file_corrupt`, `file_truncated`, `file_unreadable`
   */
  static async open(source: ByteSource): Promise<Hdf5File> {
    const { hdf5, module } = await loadHdf5(`reading '${source.name}'`);
    return new Hdf5File(source, hdf5, module);
  }

  /** Names in a group, in its order; none where there is no such group. @throws {DataError} `file_corrupt` */
  names(path: string): string[] {
    if (!this.has(path)) return [];
    return this.#checked(path, () => {
      const group = this.#group(path);
      return group === undefined ? [] : group.keys();
    });
  }

  /** Whether there is such a group or data set. */
  has(path: string): boolean {
    return path === '' || this.#typeOf(path) >= 0;
  }

  /** Whether there is such a data set. */
  isTensor(path: string): boolean {
    return path !== '' && this.#typeOf(path) === DATASET;
  }

  /** A text, or a list of texts, that a group has as an attribute. @throws {DataError} `file_corrupt` */
  texts(path: string, name: string): string[] | undefined {
    return this.#checked(path, () => {
      const attribute = this.#group(path)?.attrs[name];
      if (attribute === undefined) return undefined;
      const { shape, metadata } = attribute;
      const count = (shape ?? []).reduce((product, size) => product * size, 1);
      if (count === 0) return [];
      if (count * metadata.size > MOST_TEXT) throw new RangeError(`the attribute '${name}' is too long`);
      const { value } = attribute;
      if (typeof value === 'string') return [value];
      return Array.isArray(value) && value.every((each) => typeof each === 'string') ? value : undefined;
    });
  }

  /** A tensor. @throws {DataError} `file_corrupt`, `file_unsupported` */
  tensor(path: string): SourceTensor {
    const { name: source } = this.#source;
    const dataset = this.#checked(path, () => this.#root.get(path));
    if (!(dataset instanceof this.#hdf5.Dataset)) throw this.#fault(path, new Error('it is not a data set'));
    const { metadata, filters } = this.#checked(path, () => {
      return { metadata: dataset.metadata, filters: dataset.filters };
    });
    const shape = metadata.shape ?? [];
    const type = this.#typeOfNumbers(path, metadata);
    const count = countOf(source, path, shape);
    const most = this.#source.size * (filters.length === 0 ? 1 : MOST_DEFLATION);
    if (metadata.virtual_sources !== undefined || count * bytesOf(type) > most) {
      const message = `'${source}': '${path}' [${shape.join(', ')}] is not stored in the file`;
      throw new DataError('file_corrupt', message, { source, tensor: path, shape });
    }
    const { littleEndian } = metadata;
    const read = () => {
      const bytes = this.#bytes(path, dataset, count * bytesOf(type), shape);
      return toFloat32(bytes, type, path, { bigEndian: !littleEndian });
    };
    return { name: path, type, shape, read };
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      this.#root.close();
    } catch {
      // A damaged file may fail to close; nothing is written, so nothing is lost.
    }
    this.#unmount();
  }

  #unmount(): void {
    this.#files.unmount(this.#path);
    this.#files.rmdir(this.#path);
  }

  #typeOf(path: string): number {
    return this.#checked(path, () => {
      const parts = path.split('/');
      // A link on the way is no part of the file.
      for (let length = 1; length < parts.length; length++) {
        if (this.#root.get_type(parts.slice(0, length).join('/')) !== GROUP) return -1;
      }
      const type = this.#root.get_type(path);
      return type === GROUP || type === DATASET ? type : -1;
    });
  }

  #group(path: string): Group | undefined {
    if (path === '') return this.#root;
    const group = this.#typeOf(path) === GROUP ? this.#root.get(path) : undefined;
    return group instanceof this.#hdf5.Group ? group : undefined;
  }

  #typeOfNumbers(path: string, { type, size, signed }: Metadata): NumberType {
    const bits = size * 8;
    if (type === FLOAT && (bits === 16 || bits === 32 || bits === 64)) return `float${bits}`;
    if (type === INTEGER && [8, 16, 32, 64].includes(bits)) {
      return `${signed ? '' : 'u'}int${bits}` as NumberType;
    }
    const what = `numbers of ${bits} bits of the class ${type}`;
    const message = `'${this.#source.name}': '${path}' holds ${what}, expected floating-point numbers or integers. Save the model in float32`;
    throw new DataError('file_unsupported', message, { source: this.#source.name, tensor: path });
  }

  /** The bytes as they are stored: the package has no arrays of half precision. It keeps the memory of the largest part for good. */
  #bytes(path: string, dataset: Dataset, length: number, shape: readonly number[]): Uint8Array {
    if (length === 0) return new Uint8Array();
    if (!this.#isOpen) {
      const { name } = this.#source;
      throw new DataError('file_unreadable', `cannot read '${name}': it has been closed`, { source: name });
    }
    const { file_id: file, path: place } = dataset;
    return this.#checked(path, () => {
      const [rows = 1, ...columns] = shape;
      const width = length / rows;
      // Whole chunks, so that none is unpacked twice.
      const step = dataset.metadata.chunks?.[0] ?? 1;
      const most = Math.min(rows, Math.max(1, Math.floor(PART_BYTES / (width * step))) * step);
      const pointer = this.#module._malloc(most * width);
      if (pointer === 0) throw new RangeError(`${most * width} bytes are more than there is memory for`);
      try {
        const bytes = new Uint8Array(length);
        for (let row = 0; row < rows; row += most) {
          const count = Math.min(most, rows - row);
          const isAll = count === rows;
          const counts = isAll ? null : [count, ...columns].map(BigInt);
          const offsets = isAll ? null : [row, ...columns.map(() => 0)].map(BigInt);
          const strides = isAll ? null : shape.map(() => 1n);
          this.#module.get_dataset_data(file, place, counts, offsets, strides, BigInt(pointer));
          bytes.set(this.#module.HEAPU8.subarray(pointer, pointer + count * width), row * width);
        }
        return bytes;
      } finally {
        this.#module._free(pointer);
      }
    });
  }

  #checked<T>(path: string, read: () => T): T {
    try {
      return read();
    } catch (cause) {
      if (cause instanceof DataError) throw cause;
      throw this.#fault(path, cause);
    }
  }

  #fault(path: string, cause: unknown): DataError {
    const { name } = this.#source;
    const text = cause instanceof Error ? cause.message : String(cause);
    const reasons = [...text.matchAll(/in H5\w+\(\): (.*)/g)].map(([, reason]) => reason);
    const reason = reasons.at(-1) ?? text.split('\n')[0];
    const where = path === '' ? '' : ` at '${path}'`;
    const message = `'${name}' is corrupt${where}, or no HDF5 file: ${reason}`;
    return new DataError('file_corrupt', message, { source: name, path }, cause);
  }
}
