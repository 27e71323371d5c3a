import { describe } from 'vitest';
import { loadGoldens } from './load.js';
import { testRecurrentGolden } from './recurrent-golden.js';

describe.each(loadGoldens('layer').map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
  testRecurrentGolden(golden);
});
