/** Users' tasks. They are loaded from the modules that the command line names, and from no other place. */
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BpttError, ConfigurationError } from '../core/errors.js';
import { statsAt } from '../core/path-stats.js';
import { isForeignTask, isTask } from '../tasks/definition/define-task.js';
import type { AnyTask } from '../tasks/definition/task.js';
import { errorPlace } from './error-place.js';

/** The option of commands that use a run whose task is not built in. */
export const TASK_OPTION = [
  '--task <module>',
  'for a run of your own task: the module that exports the task, such as ./my-task.mjs (it is executed)',
] as const;

const JAVASCRIPT = ['.mjs', '.js', '.cjs'];
const TYPESCRIPT = ['.ts', '.mts', '.cts'];

/** Whether a word in the place of a task is a module: a path, or a program file. */
export function isModulePath(word: string): boolean {
  if (word.startsWith('-')) return false;
  return /[/\\]/.test(word) || [...JAVASCRIPT, ...TYPESCRIPT].includes(extname(word));
}

/**
 * The single task that a module exports, as `default` or under any name. The module is executed.
 *
 * @param path relative to the working directory
 * @throws {ConfigurationError} `task_unreadable` when there is no such file, when it is TypeScript and Node.js cannot
 * load that, when it fails while it is loaded, or when it exports no task or several
 * @throws {DataError} `file_unreadable` for a path that cannot be followed
 * @throws errors of the library that the module throws, such as `invalid_task` of `defineTask`
 */
export async function loadTaskModule(path: string): Promise<AnyTask> {
  const file = resolve(path);
  if (statsAt(file)?.isFile() !== true) {
    return refuse(path, 'does not exist: name a JavaScript module, such as ./my-task.mjs');
  }
  const ending = extname(file);
  const readsTypeScript = 'typescript' in process.features && Boolean(process.features.typescript);
  if (TYPESCRIPT.includes(ending) && !readsTypeScript) {
    refuse(
      path,
      `is TypeScript, which Node.js ${process.version} cannot load: compile it, and name the JavaScript file`,
    );
  }
  return onlyTask(path, await importModule(path, file));
}

async function importModule(path: string, file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (error instanceof BpttError) throw error;
    return refuse(path, `cannot be loaded: ${reasonOf(error)}`, error);
  }
}

/** The error and its place, in a line. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return `it throws ${String(error)}`;
  const place = errorPlace(error);
  const isWithoutPackage = 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes("'bptt'");
  const isUnplaced = error instanceof SyntaxError && place === undefined;
  const help = isWithoutPackage
    ? '; install it in the folder of the module: npm install bptt'
    : isUnplaced
      ? '; node --check shows the place'
      : '';
  return `${error.name}: ${error.message}${place === undefined ? '' : ` (${place})`}${help}`;
}

/** @throws {ConfigurationError} `task_unreadable` for no task or several */
function onlyTask(path: string, exported: Readonly<Record<string, unknown>>): AnyTask {
  const tasks = [...new Set(Object.values(exported))].filter(isTask);
  const [task, ...others] = tasks;
  if (task !== undefined && others.length === 0) return task;
  if (task !== undefined) {
    return refuse(
      path,
      `exports ${tasks.length} tasks, ${tasks.map(({ name }) => name).join(', ')}: export exactly one`,
    );
  }
  const foreign = Object.keys(exported).find((name) => isForeignTask(exported[name]));
  if (foreign !== undefined) {
    return refuse(
      path,
      `exports a task of another copy of bptt, '${foreign}': run the bptt that the module imports, with npx bptt`,
    );
  }
  const names = Object.keys(exported);
  const found = names.length === 0 ? 'nothing' : names.join(', ');
  return refuse(path, `exports no task: export a result of defineTask, as default or by a name; it exports ${found}`);
}

function refuse(path: string, reason: string, cause?: unknown): never {
  throw new ConfigurationError('task_unreadable', `the task module '${path}' ${reason}`, { path }, cause);
}
