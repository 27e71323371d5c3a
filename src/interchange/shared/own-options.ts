/** Layers of the library that are made with what a file says. */
import { OptionError } from '../../core/errors.js';

/**
 * Makes something with numbers of a file. An option that the library does not take is then the file's fault, and said with its place.
 *
 * @param refuse throws the error, for the reason that the library gives
 */
export function madeOfFile<T>(make: () => T, refuse: (reason: string) => never): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof OptionError) return refuse(error.message);
    throw error;
  }
}
