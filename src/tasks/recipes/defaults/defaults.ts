/** The defaults of all built-in tasks in one table: values, and the reason for each. */
import type { ReasonedDefaults } from '../../definition/reasoned.js';
import { CAPTION } from './caption.js';
import { CLASSIFY } from './classify.js';
import { FORECAST } from './forecast.js';
import { LM } from './lm.js';
import { MUSIC } from './music.js';
import { REMEMBER } from './remember.js';
import { TAG } from './tag.js';
import { TRANSCRIBE } from './transcribe.js';
import { TRANSLATE } from './translate.js';

/** By the names of the tasks. */
export const DEFAULTS: Readonly<Record<string, ReasonedDefaults>> = {
  lm: LM,
  classify: CLASSIFY,
  tag: TAG,
  forecast: FORECAST,
  transcribe: TRANSCRIBE,
  translate: TRANSLATE,
  caption: CAPTION,
  music: MUSIC,
  remember: REMEMBER,
};
