/** What a file is, by its first bytes: for the errors of readers that got another kind of file. */

/** Bytes that `kindOfFile` looks at. */
export const KIND_BYTES = 24;

interface FileKind {
  /** As in "it is a JPEG picture". */
  readonly name: string;
  /** What helps. */
  readonly help: string;
  readonly begins: readonly (readonly [at: number, text: string])[];
}

const PICTURE = 'convert it to PNG';
const SOUND = 'convert it to WAV with uncompressed samples, as with ffmpeg -i IN OUT.wav';
const UNPACK = 'unpack it first';

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
    name: 'a ZIP archive, as are .npz, .xlsx and the files of torch.save',
    help: 'unpack it, or save what is in it as NPY, CSV or safetensors',
    begins: [[0, 'PK\x03\x04']],
  },
  { name: 'a file that gzip compressed', help: UNPACK, begins: [[0, '\x1f\x8b']] },
  { name: 'a file that bzip2 compressed', help: UNPACK, begins: [[0, 'BZh']] },
  { name: 'a file that xz compressed', help: UNPACK, begins: [[0, '\xfd7zXZ\0']] },
  { name: 'a file that Zstandard compressed', help: UNPACK, begins: [[0, '\x28\xb5\x2f\xfd']] },
  { name: 'a 7-Zip archive', help: UNPACK, begins: [[0, '7z\xbc\xaf\x27\x1c']] },
  { name: 'a PDF document', help: 'save its text as UTF-8', begins: [[0, '%PDF-']] },
  { name: 'an HDF5 file', help: 'save its arrays as NPY or safetensors', begins: [[0, '\x89HDF\r\n']] },
  { name: 'a Parquet table', help: 'save it as CSV', begins: [[0, 'PAR1']] },
  { name: 'an Excel table of old form', help: 'save it as CSV', begins: [[0, '\xd0\xcf\x11\xe0\xa1\xb1']] },
  { name: 'an SQLite database', help: 'save its table as CSV', begins: [[0, 'SQLite format 3\0']] },
  {
    name: 'a Git LFS pointer in place of the file',
    help: 'fetch the file with git lfs pull',
    begins: [[0, 'version https://git-lfs']],
  },
  { name: 'a web page', help: 'download the file itself', begins: [[0, '<!DOCTYPE html']] },
  { name: 'a web page', help: 'download the file itself', begins: [[0, '<html']] },
  ...[2, 3, 4, 5].map((version) => ({
    name: 'a Python pickle',
    help: 'it could run any program when it is read; save its arrays as NPY or safetensors',
    begins: [[0, `\x80${String.fromCharCode(version)}`]] as const,
  })),
];

/**
 * What a file is and what helps, as a sentence without a point; empty when its first bytes say nothing.
 *
 * @param bytes the first ones are enough
 * @param wanted the kind that the reader reads: of that nothing is said
 */
export function kindOfFile(bytes: Uint8Array, wanted = ''): string {
  const text = Buffer.from(bytes.subarray(0, KIND_BYTES)).toString('latin1');
  const found = KINDS.find(({ begins }) => begins.every(([at, part]) => text.startsWith(part, at)));
  return found === undefined || found.name === wanted ? '' : `it is ${found.name}: ${found.help}`;
}

/** The same after a semicolon, to be added to a message. */
export function kindHint(bytes: Uint8Array, wanted = ''): string {
  const kind = kindOfFile(bytes, wanted);
  return kind === '' ? '' : `; ${kind}`;
}
