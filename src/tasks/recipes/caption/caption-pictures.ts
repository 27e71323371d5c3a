/** The pictures of captions as rows of features, read from PNG files or given as arrays. */
import { dirname, resolve } from 'node:path';
import { readSafetensors } from '../../../checkpoint/safetensors.js';
import { DataError, ShapeError } from '../../../core/errors.js';
import { isFloat32Array, isFloat64Array } from '../../../core/typed-array.js';
import { type PicturePatchOptions, patchWidth, picturePatches } from '../../../features/picture-patches.js';
import type { JsonRow } from '../../../files/json-lines.js';
import { readNpy } from '../../../files/npy.js';
import { readPng } from '../../../files/png.js';
import { invalidRow } from '../../../files/row-error.js';

/** The place of a picture or its features. */
export interface PicturePlace {
  readonly kind: 'image' | 'features';
  readonly path: string;
  /** Name of a tensor in a safetensors file. */
  readonly tensor?: string;
}

/** Rows of a picture: [patches * width]. */
export interface PictureRows {
  readonly width: number;
  readonly rows: Float32Array;
}

/** A unique name for each picture. */
export function pictureName({ path, tensor }: PicturePlace): string {
  return tensor === undefined ? path : `${path}#${tensor}`;
}

/**
 * The picture of a line: `image`, or `features` and for a safetensors file `tensor`. Paths are relative to the file.
 *
 * @throws {DataError} `invalid_row`
 */
export function pictureOfRow(row: JsonRow, folder = dirname(row.place.file)): PicturePlace {
  if (row.has('image')) {
    if (!row.has('features')) return { kind: 'image', path: resolve(folder, row.text('image')) };
    throw invalidRow(row.place, "field 'features'", "none beside 'image'", 'both');
  }
  const path = resolve(folder, row.text('features'));
  if (!path.endsWith('.safetensors')) return { kind: 'features', path };
  return { kind: 'features', path, tensor: row.text('tensor') };
}

/**
 * Reads each picture once.
 *
 * @returns rows by the name of the picture
 * @throws {DataError} `mixed_examples` when some are pictures and others features; `file_unreadable` and others of the readers
 * @throws {ShapeError} `rank_mismatch`, `shape_mismatch` for features that are not [patches, width]
 */
export async function readPictures(
  places: readonly PicturePlace[],
  grid: PicturePatchOptions,
): Promise<Map<string, PictureRows>> {
  const other = places.find(({ kind }) => kind !== places[0]?.kind);
  if (other !== undefined) {
    const message = `'${pictureName(other)}' is given as ${other.kind}, others are not: all must be of one kind`;
    throw new DataError('mixed_examples', message, { name: pictureName(other) });
  }
  const files = new Map<string, ReturnType<typeof readSafetensors>>();
  const pictures = new Map<string, PictureRows>();
  for (const place of places) {
    const name = pictureName(place);
    if (pictures.has(name)) continue;
    const { kind, path } = place;
    if (kind === 'image') {
      pictures.set(name, { width: patchWidth(grid), rows: picturePatches(await readPng(path), grid, path) });
    } else if (place.tensor === undefined) {
      const { shape, values } = await readNpy(path);
      pictures.set(name, featureRows(name, shape, values));
    } else {
      const file = files.get(path) ?? readSafetensors(path);
      files.set(path, file);
      const tensor = (await file).tensors.get(place.tensor);
      if (tensor === undefined) {
        throw new DataError('file_unsupported', `'${path}' has no tensor '${place.tensor}'`, { ...place });
      }
      pictures.set(name, featureRows(name, tensor.shape, tensor.data));
    }
  }
  const [first] = pictures.values();
  for (const [name, { width }] of pictures) {
    if (width === first?.width) continue;
    const message = `'${name}' has ${width} numbers for each patch, others have ${first?.width}`;
    throw new ShapeError('shape_mismatch', message, { name, actual: width, expected: first?.width });
  }
  return pictures;
}

function featureRows(name: string, shape: readonly number[], values: object): PictureRows {
  const [patches = 0, width = 0] = shape;
  if (shape.length !== 2 || patches < 1 || width < 1) {
    const message = `'${name}' has the shape (${shape.join(', ')}), expected (patches, width)`;
    throw new ShapeError('rank_mismatch', message, { name, shape });
  }
  if (isFloat32Array(values)) return { width, rows: values };
  if (isFloat64Array(values)) return { width, rows: Float32Array.from(values) };
  throw new DataError('file_unsupported', `'${name}' holds no floating-point numbers`, { name });
}
