/** Explains why the system refuses to read a file. */
import { DataError } from './errors.js';

const READ_FAILURES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of the path is a file, not a directory',
  ELOOP: 'its symbolic links go round in a circle',
  ENAMETOOLONG: 'a name in it is too long',
  ERR_INVALID_ARG_VALUE: 'a path cannot hold the character NUL',
  EACCES: 'permission denied',
  ERR_FS_FILE_TOO_LARGE: 'it is larger than 2 GiB',
};

/** The error for a file or folder that the system refuses to read: code `file_unreadable`. */
export function unreadableFile(path: string, cause: unknown): DataError {
  const code = String((cause as NodeJS.ErrnoException | null)?.code);
  const reason = READ_FAILURES[code] ?? (cause instanceof Error ? cause.message : code);
  return new DataError('file_unreadable', `cannot read '${path}': ${reason}`, { path, reason: code }, cause);
}
