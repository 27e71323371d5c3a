import { ConfigurationError, OptionError } from '../core/errors.js';
import { isJsonObject, type JsonObject, parseStrictJson } from '../core/json.js';
import { kebabCase } from '../core/kebab-case.js';
import { readText } from '../files/text.js';

/** `learning-rate` as it is written in a program: `learningRate`. */
export function camelCase(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * Options from a JSON file, by the names of the command line (`learning-rate`) or of the library (`learningRate`).
 *
 * @param allowed names in the form of the library
 * @throws {DataError} `file_unreadable`, `not_utf8`, `empty_data`
 * @throws {ConfigurationError} `invalid_configuration` when it is not a JSON object
 * @throws {OptionError} `unknown_option`; `invalid_option` when an option is given under both names
 */
export async function readConfigurationFile(path: string, allowed: readonly string[]): Promise<JsonObject> {
  const options: Record<string, JsonObject[string]> = {};
  for (const [key, value] of Object.entries(await readJsonObject(path))) {
    const name = camelCase(key);
    if (!allowed.includes(name)) {
      const known = allowed.map(kebabCase).join(', ');
      throw new OptionError('unknown_option', `'${path}' has the unknown option '${key}'; known options: ${known}`, {
        path,
        name: key,
      });
    }
    if (Object.hasOwn(options, name)) {
      throw new OptionError('invalid_option', `'${path}' gives option '${kebabCase(name)}' twice`, { path, name });
    }
    options[name] = value;
  }
  return options;
}

/** The JSON object in a file. @throws {DataError} `file_unreadable`, `not_utf8`, `empty_data`; {ConfigurationError} `invalid_configuration` */
export async function readJsonObject(path: string): Promise<JsonObject> {
  const text = await readText(path);
  let reason = 'it must be an object';
  try {
    const value = parseStrictJson(text);
    if (isJsonObject(value)) return value;
  } catch (cause) {
    reason = cause instanceof Error ? cause.message : String(cause);
  }
  throw new ConfigurationError('invalid_configuration', `'${path}' is not a JSON object: ${reason}`, {
    path,
  });
}
