import { requireText } from '../../core/arguments.js';
import { OptionError } from '../../core/errors.js';
import { checkSchedule } from './create-schedule.js';
import {
  type AnyScheduleMaker,
  ownScheduleDefinition,
  type ScheduleDefinitions,
  scheduleDefinitions,
} from './definition.js';
import { ONE_CYCLE_OPTIONS } from './one-cycle.js';
import type { ScheduleDescription } from './schedule-description.js';

/** Names of the text form, each with its kind and its options. */
const forms = {
  constant: { kind: 'constant', options: [] },
  step: { kind: 'stepDecay', options: ['every', 'factor', 'from'] },
  exponential: { kind: 'exponential', options: ['factor'] },
  cosine: { kind: 'cosine', options: ['minimum', 'steps'] },
  onecycle: { kind: 'oneCycle', options: ONE_CYCLE_OPTIONS },
  warmup: { kind: 'warmUp', options: ['steps', 'epochs', 'start', 'then'] },
  plateau: { kind: 'reduceOnPlateau', options: ['factor', 'patience', 'threshold', 'cooldown', 'minimum'] },
} as const;

/**
 * Reads the text form of a schedule: `NAME` or `NAME:option=value,option=value`. Values are numbers, but for `shape` and `threePhase`
 * of `onecycle`. In `warmup`, `then=SCHEDULE` comes last and takes the rest of the text. The values of a schedule of one's own are numbers,
 * `true`, `false` or words.
 *
 * @param schedules what `defineSchedule` returned: schedules beside those of the library, under their own names
 * @throws {OptionError} `invalid_option`, `unknown_option`, naming the part that is wrong and what is allowed
 * @example parseSchedule('step:every=1,factor=0.5,from=4')
 * @example parseSchedule('onecycle:maximum=0.01,shape=linear')
 * @example parseSchedule('warmup:steps=200,then=cosine:minimum=1e-5')
 */
export function parseSchedule(text: string, schedules: readonly AnyScheduleMaker[] = []): ScheduleDescription {
  return parse(requireText('a schedule', text), scheduleDefinitions(schedules));
}

function parse(text: string, definitions: ScheduleDefinitions): ScheduleDescription {
  const colon = text.indexOf(':');
  const name = (colon < 0 ? text : text.slice(0, colon)).trim();
  const form = formOf(name, definitions);
  if (form === undefined) {
    const names = [...Object.keys(forms), ...definitions.keys()].join(', ');
    throw partError('invalid_option', text, `unknown name '${name}'`, `names are ${names}`);
  }
  const description: Record<string, unknown> = { kind: form.kind };
  let rest = colon < 0 ? '' : text.slice(colon + 1);
  if (colon >= 0 && rest.trim() === '') {
    throw partError('invalid_option', text, `nothing after '${name}:'`, optionsOf(name));
  }
  while (rest !== '') {
    const [, key = '', value = ''] = /^([^=,]*)=?(.*)$/s.exec(rest) ?? [];
    const option = key.trim();
    if (form.options?.includes(option) === false) {
      throw partError('unknown_option', text, `unknown option '${option}' of ${name}`, optionsOf(name));
    }
    if (Object.hasOwn(description, option)) {
      throw partError('invalid_option', text, `option '${option}' appears twice`, optionsOf(name));
    }
    if (option === 'then' && form.options !== undefined) {
      description.then = parse(value, definitions);
      break;
    }
    const comma = value.indexOf(',');
    const part = comma < 0 ? value : value.slice(0, comma);
    description[option] = form.options === undefined ? parseAny(part) : parseValue(text, option, part);
    rest = comma < 0 ? '' : value.slice(comma + 1);
    if (comma >= 0 && rest.trim() === '') {
      throw partError('invalid_option', text, 'a comma with nothing after it', optionsOf(name));
    }
  }
  return checkSchedule(description, definitions);
}

/** The text form of a name; without a list of options for a schedule of a user's own, which checks its options itself. */
function formOf(
  name: string,
  definitions: ScheduleDefinitions,
): { readonly kind: string; readonly options: readonly string[] | undefined } | undefined {
  if (Object.hasOwn(forms, name)) return forms[name as keyof typeof forms];
  return definitions.has(name) ? { kind: name, options: undefined } : undefined;
}

/** A number, a flag, or a word. */
function parseAny(part: string): unknown {
  const word = part.trim();
  if (word !== '' && Number.isFinite(Number(word))) return Number(word);
  return { true: true, false: false }[word] ?? word;
}

/**
 * The text form of a description: `parseSchedule(formatSchedule(d))` equals `d`.
 */
export function formatSchedule(description: ScheduleDescription): string {
  const { kind: own, ...settings } = description as unknown as Readonly<Record<string, unknown>>;
  const ownForm = ownScheduleDefinition(description) && ([own as string, { options: Object.keys(settings) }] as const);
  const [name, form] = ownForm ?? Object.entries(forms).find(([, { kind }]) => kind === description.kind) ?? [];
  if (name === undefined || form === undefined) {
    throw new OptionError('invalid_option', `schedule: no text form for '${description.kind}'`, { name: 'schedule' });
  }
  const values = new Map<string, unknown>(Object.entries(description));
  const parts = form.options.flatMap((option) => {
    const value = values.get(option);
    if (value === undefined) return [];
    return [`${option}=${option === 'then' ? formatSchedule(value as ScheduleDescription) : String(value)}`];
  });
  return parts.length === 0 ? name : `${name}:${parts.join(',')}`;
}

/** The value of an option; whether it is a right one is checked with the whole description. */
function parseValue(text: string, option: string, part: string): unknown {
  if (option === 'shape') return part.trim();
  if (option === 'threePhase') return { true: true, false: false }[part.trim()] ?? part.trim();
  const value = Number(part);
  if (part.trim() !== '' && Number.isFinite(value)) return value;
  throw partError('invalid_option', text, `'${part.trim()}' is not a number`, `give ${option}=NUMBER`);
}

function optionsOf(name: string): string {
  if (!Object.hasOwn(forms, name)) return `give the options of ${name} as option=value, separated by commas`;
  const { options } = forms[name as keyof typeof forms];
  return options.length === 0 ? `${name} has no options` : `options of ${name} are ${options.join(', ')}`;
}

function partError(code: string, text: string, problem: string, allowed: string): OptionError {
  return new OptionError(code, `schedule '${text}': ${problem}; ${allowed}`, { name: 'schedule', value: text });
}
