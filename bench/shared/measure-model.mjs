/** A case of whole training steps of a model. */
import { measureCase } from './measure.mjs';

/** How far the first loss of an untrained model may be from that of guessing, as a share of it. */
const MOST_DEVIATION = 0.1;

/**
 * As `measureCase`, with `tokensPerSecond` for each side. Before anything is timed, sides that say so must have as many
 * parameters as ours, and a first loss of log(vocabulary).
 */
export async function measureModel({ problem, threads, peers, rounds }) {
  let parameters;
  const { load, peakGigaflops, sides } = await measureCase({
    sides: ['bptt', ...peers].map((peer) => ({ name: peer, peer, request: { task: 'model', problem, threads } })),
    rounds,
    async check(name, opened, ask) {
      parameters ??= opened.parameters;
      const { loss } = opened.parameters === undefined ? {} : await ask({ op: 'run', repeat: 1 });
      if (loss === undefined) return;
      if (opened.parameters !== parameters) {
        throw new Error(`${name} has ${opened.parameters} parameters, not ${parameters}`);
      }
      const expected = Math.log(problem.vocabulary);
      if (!(Math.abs(loss - expected) <= MOST_DEVIATION * expected)) {
        throw new Error(`${name} begins with a loss of ${loss}, expected about ${expected}`);
      }
    },
  });
  for (const side of Object.values(sides)) {
    if (side.missing === undefined) side.tokensPerSecond = Math.round((side.tokens * 1000) / side.medianMs);
  }
  return { load, peakGigaflops, sides };
}
