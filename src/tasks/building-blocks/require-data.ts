import { OptionError } from '../../core/errors.js';

/** The option `data` of a task that reads files. @throws {OptionError} `invalid_option` when it is missing */
export function requireData({ data }: { readonly data: string | undefined }): string {
  if (data !== undefined) return data;
  throw new OptionError('invalid_option', "option 'data' is missing", { name: 'data' });
}
