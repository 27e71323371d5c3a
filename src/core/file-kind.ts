/** What a file is, by its first bytes: for the errors of readers that got another kind of file. */

import { isUtf8 } from 'node:buffer';

/** First bytes of a file that tell its kind. */
export const KIND_BYTES = 64;

interface FileKind {
  /** As in "it is a JPEG picture". */
  readonly name: string;
  /** What helps. */
  readonly help: string;
  /** What stands where, and in one case what the name of the first file of an archive must match. */
  readonly begins: readonly (readonly [at: number, text: string])[];
  readonly firstFile?: RegExp;
  /** Whether it is a text that no reader of texts wants. */
  readonly isText?: boolean;
}

const PICTURE = 'convert it to PNG';
const SOUND = 'convert it to WAV with uncompressed samples, as with ffmpeg -i IN OUT.wav';
const UNPACK = 'unpack it first';
const TABLE = 'save it as CSV, in Python with';
const ARRAYS = 'save its arrays as NPY (numpy.save), or as CSV (numpy.savetxt)';
const PICKLE =
  "it could run any program when it is read; save its arrays as NPY or safetensors, a data frame with to_csv('OUT.csv', index=False)";

/** Begins the MATLAB files of versions 5 to 7. */
export const MATLAB_5 = 'MATLAB 5.0 MAT-file';

/** Where the name of the first file stands in a ZIP archive. */
const ZIP_NAME = 30;

const KINDS: readonly FileKind[] = [
  { name: 'a PNG picture', help: 'read it with readPng', begins: [[0, '\x89PNG\r\n\x1a\n']] },
  { name: 'a JPEG picture', help: PICTURE, begins: [[0, '\xff\xd8\xff']] },
  { name: 'a GIF picture', help: PICTURE, begins: [[0, 'GIF8']] },
  {
    name: 'a WebP picture',
    help: PICTURE,
    begins: [
      [0, 'RIFF'],
      [8, 'WEBP'],
    ],
  },
  { name: 'a TIFF picture', help: PICTURE, begins: [[0, 'II*\0']] },
  { name: 'a TIFF picture', help: PICTURE, begins: [[0, 'MM\0*']] },
  { name: 'an AVIF picture', help: PICTURE, begins: [[4, 'ftypavif']] },
  { name: 'an HEIC picture', help: PICTURE, begins: [[4, 'ftypheic']] },
  {
    name: 'a WAV sound',
    help: 'read it with readWav',
    begins: [
      [0, 'RIFF'],
      [8, 'WAVE'],
    ],
  },
  { name: 'a WAV sound of more than 4 GiB (RF64)', help: 'cut it into parts', begins: [[0, 'RF64']] },
  {
    name: 'an AVI film',
    help: SOUND,
    begins: [
      [0, 'RIFF'],
      [8, 'AVI '],
    ],
  },
  { name: 'an MP4 file', help: SOUND, begins: [[4, 'ftyp']] },
  { name: 'an MP3 sound', help: SOUND, begins: [[0, 'ID3']] },
  { name: 'an MP3 sound', help: SOUND, begins: [[0, '\xff\xfb']] },
  { name: 'an MP3 sound', help: SOUND, begins: [[0, '\xff\xf3']] },
  { name: 'an MP3 sound', help: SOUND, begins: [[0, '\xff\xf2']] },
  { name: 'a FLAC sound', help: SOUND, begins: [[0, 'fLaC']] },
  { name: 'an Ogg sound', help: SOUND, begins: [[0, 'OggS']] },
  {
    name: 'an AIFF sound',
    help: SOUND,
    begins: [
      [0, 'FORM'],
      [8, 'AIFF'],
    ],
  },
  { name: 'a NumPy array', help: 'read it with readNpy', begins: [[0, '\x93NUMPY']] },
  {
    name: 'a NumPy archive (.npz), which is a ZIP archive',
    help: `unpack it with unzip: its files are NPY; or ${ARRAYS}`,
    begins: [[0, 'PK\x03\x04']],
    firstFile: /^[^/]*\.npy/,
  },
  {
    name: 'an Excel table (.xlsx) or another Office document, which is a ZIP archive',
    help: `${TABLE} pandas.read_excel('IN.xlsx').to_csv('OUT.csv', index=False)`,
    begins: [[0, 'PK\x03\x04']],
    firstFile: /^(\[Content_Types\]\.xml|_rels\/|xl\/|docProps\/)/,
  },
  {
    name: 'a ZIP archive, as are .npz, .xlsx and the files of torch.save',
    help: 'unpack it, or save what is in it as NPY, CSV or safetensors',
    begins: [[0, 'PK\x03\x04']],
  },
  {
    name: 'a MATLAB file of version 7.3, which is an HDF5 file',
    help: "save it in MATLAB with save('OUT.mat', '-v7'), or its arrays as CSV or NPY",
    begins: [[0, 'MATLAB 7.3 MAT-file']],
  },
  {
    name: 'a MATLAB file (.mat)',
    help: `load it in Python with scipy.io.loadmat, and ${ARRAYS}`,
    begins: [[0, MATLAB_5]],
  },
  {
    name: 'a MIDI file',
    help: 'convert it to a piano roll as JSON, a list of notes for each frame',
    begins: [[0, 'MThd\0\0\0\x06']],
  },
  { name: 'a file that gzip compressed', help: UNPACK, begins: [[0, '\x1f\x8b']] },
  { name: 'a file that bzip2 compressed', help: UNPACK, begins: [[0, 'BZh']] },
  { name: 'a file that xz compressed', help: UNPACK, begins: [[0, '\xfd7zXZ\0']] },
  { name: 'a file that Zstandard compressed', help: UNPACK, begins: [[0, '\x28\xb5\x2f\xfd']] },
  { name: 'a 7-Zip archive', help: UNPACK, begins: [[0, '7z\xbc\xaf\x27\x1c']] },
  { name: 'a PDF document', help: 'save its text as UTF-8', begins: [[0, '%PDF-']] },
  {
    name: 'an HDF5 file',
    help: `${TABLE} pandas.read_hdf('IN').to_csv('OUT.csv', index=False), or ${ARRAYS}`,
    begins: [[0, '\x89HDF']],
  },
  {
    name: 'a Parquet table',
    help: `${TABLE} pandas.read_parquet('IN').to_csv('OUT.csv', index=False)`,
    begins: [[0, 'PAR1']],
  },
  {
    name: 'an Arrow or Feather table',
    help: `${TABLE} pandas.read_feather('IN').to_csv('OUT.csv', index=False)`,
    begins: [[0, 'ARROW1']],
  },
  {
    name: 'an ORC table',
    help: `${TABLE} pandas.read_orc('IN').to_csv('OUT.csv', index=False)`,
    begins: [[0, 'ORC']],
  },
  {
    name: 'an Avro table',
    help: 'save its records as JSON lines',
    begins: [[0, 'Obj\x01']],
  },
  {
    name: 'a NetCDF file',
    help: `${TABLE} xarray.open_dataset('IN').to_dataframe().to_csv('OUT.csv')`,
    begins: [[0, 'CDF']],
  },
  {
    name: 'an Excel table of old form (.xls)',
    help: `${TABLE} pandas.read_excel('IN.xls').to_csv('OUT.csv', index=False)`,
    begins: [[0, '\xd0\xcf\x11\xe0\xa1\xb1']],
  },
  {
    name: 'an SQLite database',
    help: `save a table of it as CSV, with sqlite3 -csv -header IN 'select * from NAME' > OUT.csv`,
    begins: [[0, 'SQLite format 3\0']],
  },
  {
    name: 'a Git LFS pointer in place of the file',
    help: 'fetch the file with git lfs pull',
    begins: [[0, 'version https://git-lfs']],
    isText: true,
  },
  { name: 'a web page', help: 'download the file itself', begins: [[0, '<!DOCTYPE html']], isText: true },
  { name: 'a web page', help: 'download the file itself', begins: [[0, '<!doctype html']], isText: true },
  { name: 'a web page', help: 'download the file itself', begins: [[0, '<html']], isText: true },
  ...['(dp0\n', '(dp1\n', '(lp0\n', '(lp1\n', 'ccopy_reg\n', 'cnumpy.', 'cpandas.'].map((begin) => ({
    name: 'a Python pickle',
    help: PICKLE,
    begins: [[0, begin]] as const,
    isText: true,
  })),
  ...[2, 3, 4, 5].map((version) => ({
    name: 'a Python pickle',
    help: PICKLE,
    begins: [[0, `\x80${String.fromCharCode(version)}`]] as const,
  })),
];

/** What a file is and what helps, as a sentence without a point. */
function describeKind({ name, help }: FileKind): string {
  return `it is ${name}: ${help}`;
}

function kindAt(bytes: Uint8Array): FileKind | undefined {
  const text = Buffer.from(bytes.subarray(0, KIND_BYTES)).toString('latin1');
  return KINDS.find(
    ({ begins, firstFile }) =>
      begins.every(([at, part]) => text.startsWith(part, at)) && (firstFile?.test(text.slice(ZIP_NAME)) ?? true),
  );
}

/**
 * What a file is that is read as a table or as lines of text, and is of another kind for certain: its bytes are no text, or
 * it is a pointer or a web page. A table may begin with a column `ID3` or `PAR1`.
 *
 * @param start of the file, as much as is there
 * @param isUtf8 whether it should be UTF-8
 * @returns what it is and what helps, as a sentence without a point; else empty
 */
export function otherThanText(start: Uint8Array, isUtf8: boolean): string {
  const found = kindAt(start);
  const isOther = found?.isText === true || start.includes(0) || (isUtf8 && !isUtf8Start(start));
  return found !== undefined && isOther ? describeKind(found) : '';
}

/** Whether bytes are UTF-8, but for a last character that may be cut. */
function isUtf8Start(bytes: Uint8Array): boolean {
  return [0, 1, 2, 3].some((cut) => isUtf8(bytes.subarray(0, Math.max(0, bytes.length - cut))));
}

/** What a file is by its first bytes and what helps, after a semicolon, to be added to a message; empty when they say nothing. */
export function kindHint(bytes: Uint8Array): string {
  const found = kindAt(bytes);
  return found === undefined ? '' : `; ${describeKind(found)}`;
}
