/** Recordings of any kind: sounds, or features that another program has computed from them. */
import type { DataError } from '../core/errors.js';
import { kindHint } from '../core/file-kind.js';
import { readRegularFileSync } from '../core/regular-file.js';
import { type RecordedFeatures, requireFinite } from './feature-rows.js';
import { asciiAt, corrupt, unsupported } from './file-bytes.js';
import { decodeHtk, decodeSphinx, isHtk, isSphinx } from './htk.js';
import { decodeKaldiMatrix, isKaldiMatrix, kaldiKeys, kaldiList } from './kaldi.js';
import { decodeNpy } from './npy.js';

/** A matrix in an archive or a list of Kaldi: the file, and a key or an offset. */
const KALDI = /^(.+\.(ark|scp)):(.+)$/i;
/** Files that are recordings by their names. */
const NAMES = /\.(?:wav|npy|htk|mfc|fea|feat|ark|scp)$/i;
const NPY_MAGIC = '?NUMPY';

/** Whether a path names a recording, or several of Kaldi, and not a table of them. */
export function isRecording(path: string): boolean {
  return NAMES.test(path) || KALDI.test(path);
}

/** Reads features: NPY [steps, features], Kaldi archives and lists, HTK and Sphinx files. It keeps the last archive in memory. */
export class FeatureFiles {
  readonly #sphinxColumns: number | undefined;
  #last: { readonly path: string; readonly bytes: Uint8Array } | undefined;
  readonly #keys = new Map<string, Map<string, number>>();
  readonly #lists = new Map<string, Map<string, string>>();

  /** @param sphinxColumns numbers in a row of Sphinx files, which do not say it; default 13 */
  constructor(sphinxColumns?: number) {
    this.#sphinxColumns = sphinxColumns;
  }

  /**
   * The features of a file, or of `FILE.ark:KEY`, `FILE.ark:OFFSET` or `FILE.scp:KEY`; undefined for a WAV file.
   *
   * @throws {DataError} `file_unreadable`, `file_corrupt`, `file_truncated`, `file_unsupported`
   */
  read(path: string): RecordedFeatures | undefined {
    const [, file, kind, entry] = KALDI.exec(path) ?? [];
    if (file !== undefined && entry !== undefined) {
      return kind?.toLowerCase() === 'scp' ? this.#listed(file, entry) : this.#archived(file, entry);
    }
    return this.#decode(this.#bytesOf(path), path);
  }

  /** The recordings of a path: those of an archive or a list of Kaldi, else the path alone. Throws as `read`. */
  pathsOf(path: string): readonly string[] {
    if (/\.ark$/i.test(path)) {
      if (isKaldiMatrix(this.#bytesOf(path))) return [path];
      return [...this.#keysOf(path).keys()].map((key) => `${path}:${key}`);
    }
    if (/\.scp$/i.test(path)) return [...this.#listOf(path).keys()].map((key) => `${path}:${key}`);
    return [path];
  }

  #decode(bytes: Uint8Array, path: string): RecordedFeatures | undefined {
    if (asciiAt(bytes, 0, 4) === 'RIFF' || /\.wav$/i.test(path)) return undefined;
    if (asciiAt(bytes, 0, 6) === NPY_MAGIC) return npyRows(bytes, path);
    if (isKaldiMatrix(bytes) || /^ *\[/.test(asciiAt(bytes, 0, 8))) return decodeKaldiMatrix(bytes, path);
    if (/\.(?:ark|scp)$/i.test(path)) {
      throw unsupported(path, `has features of several recordings: name one of them, as in ${path}:KEY`);
    }
    if (/\.mfc$/i.test(path) && isSphinx(bytes)) return decodeSphinx(bytes, path, this.#sphinxColumns);
    if (isHtk(bytes) || /\.htk$/i.test(path)) return decodeHtk(bytes, path);
    if (isSphinx(bytes) || /\.mfc$/i.test(path)) return decodeSphinx(bytes, path, this.#sphinxColumns);
    const known = 'expected a WAV file, or features: NPY, Kaldi, HTK or Sphinx';
    throw corrupt(path, `begins with ${JSON.stringify(asciiAt(bytes, 0, 8))}${kindHint(bytes)}; ${known}`);
  }

  #archived(file: string, entry: string): RecordedFeatures {
    const bytes = this.#bytesOf(file);
    const source = `${file}:${entry}`;
    const at = this.#isOffset(entry, bytes) ? Number(entry) : this.#keysOf(file).get(entry);
    if (at === undefined) throw noKey(file, entry);
    return decodeKaldiMatrix(bytes, source, at);
  }

  /** Whether an entry is an offset, as lists have them: a matrix begins there. */
  #isOffset(entry: string, bytes: Uint8Array): boolean {
    if (!/^\d{1,15}$/.test(entry)) return false;
    const at = Number(entry);
    return isKaldiMatrix(bytes, at) || /^ *\[/.test(asciiAt(bytes, at, 8));
  }

  #listed(file: string, key: string): RecordedFeatures {
    const place = this.#listOf(file).get(key);
    if (place === undefined) throw noKey(file, key);
    const rows = /\.scp:[^/]*$/i.test(place) ? undefined : this.read(place);
    if (rows !== undefined) return rows;
    throw unsupported(`${file}:${key}`, `leads to '${place}', expected features`);
  }

  #keysOf(path: string): Map<string, number> {
    const keys = this.#keys.get(path) ?? kaldiKeys(this.#bytesOf(path), path);
    this.#keys.set(path, keys);
    return keys;
  }

  #listOf(path: string): Map<string, string> {
    const list = this.#lists.get(path) ?? kaldiList(Buffer.from(this.#bytesOf(path)).toString('utf8'), path);
    this.#lists.set(path, list);
    return list;
  }

  #bytesOf(path: string): Uint8Array {
    if (this.#last?.path === path) return this.#last.bytes;
    const bytes = readRegularFileSync(path);
    this.#last = { path, bytes };
    return bytes;
  }
}

function noKey(file: string, key: string): DataError {
  return corrupt(file, `has no recording '${key}'`, { key });
}

function npyRows(bytes: Uint8Array, path: string): RecordedFeatures {
  const { shape, values } = decodeNpy(bytes, path);
  const [rows = 0, columns = 0] = shape;
  if (shape.length !== 2 || rows < 1 || columns < 1) {
    throw unsupported(path, `has the shape (${shape.join(', ')}), expected [steps, features]`, { shape });
  }
  return requireFinite({ columns, values: Float32Array.from(values as ArrayLike<number | bigint>, Number) }, path);
}
