/** Packages that only some formats need: they are not installed with this one. */
import { InterchangeError } from '../../core/errors.js';

/**
 * Imports a package that the user installs where they need it.
 *
 * @param name of the package
 * @param purpose as in "reading Keras files needs the package"
 * @param load a function with the import in it, so that bundlers see its name
 * @throws {InterchangeError} `missing_package`, which says how it is installed
 */
export async function optionalPackage<T>(name: string, purpose: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw cause;
    const message = `${purpose} needs the package '${name}', which is not installed: npm install ${name} (or pnpm add, yarn add, bun add)`;
    throw new InterchangeError('missing_package', message, { package: name }, cause);
  }
}
