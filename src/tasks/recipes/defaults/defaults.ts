/** The defaults of all built-in tasks in one table: values, and the reason for each. */
import type { ReasonedDefaults } from '../../definition/reasoned.js';
import { CAPTION } from './caption.js';
import { MUSIC } from './music.js';
import { REMEMBER } from './remember.js';

/** By the names of the tasks. */
export const DEFAULTS: Readonly<Record<string, ReasonedDefaults>> = {
  caption: CAPTION,
  music: MUSIC,
  remember: REMEMBER,
};
