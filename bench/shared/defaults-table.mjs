/** Markdown tables of the results of `bench/defaults.mjs`. */

/** Relative error of a mean of equal figures. */
const ROUNDING_ERROR = 1e-12;

/** Mean and sample standard deviation; the deviation of one number is undefined. */
export function meanAndDeviation(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { mean, deviation: undefined };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (values.length - 1));
  // Equal figures have a mean that is rounded.
  return { mean, deviation: deviation < ROUNDING_ERROR * Math.abs(mean) ? 0 : deviation };
}

const figure = (value) => (value === 0 ? '0' : Math.abs(value) >= 1000 ? value.toFixed(0) : value.toPrecision(4));
const DASH = '-';
/** Relative difference of figures that are the same but for rounding. */
const ROUNDING = 1e-4;

/** The newest result of each seed of a set and a setting. */
function resultsOf(results, set, setting) {
  const ofSeed = new Map();
  for (const result of results) {
    if (result.set === set.name && result.setting === setting) ofSeed.set(result.seed, result);
  }
  return [...ofSeed.values()];
}

const valuesOf = (results) => results.filter(({ status }) => status === 'done').map(({ value }) => value);

/** Mean, spread and number of the seeds, and how many of them have no figure, with the reason. */
function summaryOf(results) {
  const values = valuesOf(results);
  const others = results.filter(({ status }) => status !== 'done').map(({ status }) => status);
  const reasons = [...new Set(others)].map(
    (reason) => `${others.filter((other) => other === reason).length} ${reason}`,
  );
  if (values.length === 0) return reasons.join(', ') || DASH;
  const { mean, deviation } = meanAndDeviation(values);
  const spread = deviation === undefined ? '' : ` ± ${figure(deviation)}`;
  return [`${figure(mean)}${spread} (${values.length})`, ...reasons].join(', ');
}

function secondsOf(results) {
  // The time of the processors does not depend on what else the machine does; older results have the time on the clock alone.
  const done = results.filter(({ status }) => status === 'done');
  const times = done.map(({ seconds, processorSeconds = seconds }) => processorSeconds);
  return times.length === 0 ? DASH : meanAndDeviation(times).mean.toFixed(0);
}

function naiveOf(set, results) {
  const reported = results.findLast(({ status }) => status === 'done')?.naive;
  const rules = Object.entries(reported ?? set.naive.values ?? {});
  return rules.map(([rule, value]) => `${figure(value)} ${rule}`).join('; ') || DASH;
}

const publishedOf = ({ published }) =>
  published.map(({ what, value }) => `${figure(value)} ${what}`).join('; ') || DASH;

/** Lines of a Markdown table. */
function markdown(titles, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line)].join('\n');
}

const metricOf = ({ metric }) => `${metric.path}, ${metric.better} is better`;

/** Best value of a list of figures; undefined for none. */
function bestOf(figures, better) {
  const known = figures.filter(Number.isFinite);
  if (known.length === 0) return undefined;
  return better === 'higher' ? Math.max(...known) : Math.min(...known);
}

/**
 * Where seeds stand beside another figure: `ahead`, `behind`, or `even` within one spread of theirs (of the larger one, where the other figure has one).
 *
 * @param values of the seeds
 * @param other mean, and deviation if it has one
 */
export function standingOf(values, other, better) {
  if (values.length === 0 || other === undefined) return DASH;
  const { mean, deviation = 0 } = meanAndDeviation(values);
  const spread = Math.max(deviation, other.deviation ?? 0);
  const gain = (mean - other.mean) * (better === 'higher' ? 1 : -1);
  // Figures of a rule that answers itself differ by rounding.
  if (Math.abs(gain) <= Math.max(spread, ROUNDING * Math.abs(other.mean))) return 'even';
  return gain > 0 ? 'ahead' : 'behind';
}

/** Standing beside the best naive rule, and beside the options found by hand. */
function standings(set, own, byHand) {
  const { better } = set.metric;
  const values = valuesOf(own);
  const reported = own.findLast(({ status }) => status === 'done')?.naive;
  const rule = bestOf(Object.values(reported ?? set.naive.values ?? {}), better);
  const hand = valuesOf(byHand);
  return [
    standingOf(values, rule === undefined ? undefined : { mean: rule, deviation: undefined }, better),
    standingOf(values, hand.length === 0 ? undefined : meanAndDeviation(hand), better),
  ];
}

/**
 * A row for each set: the metric of the test part by setting, the naive rules, published figures, and the mean time of a run. `beside rules` and
 * `beside hand` say where the defaults stand. Below it are the sources of the published figures.
 *
 * @param sets of the index
 * @param results lines of results.jsonl; of several of one seed the last one counts
 * @param before results of an earlier commit; default: none, and no column for them
 */
export function defaultsTable(sets, results, before = []) {
  const isCompared = before.length > 0;
  const rows = sets.map((set) => {
    const of = { default: resultsOf(results, set, 'default'), byHand: resultsOf(results, set, 'byHand') };
    const both = [...of.default, ...of.byHand];
    return [
      ...[set.name, set.task, metricOf(set)],
      ...(isCompared ? [summaryOf(resultsOf(before, set, 'default'))] : []),
      ...[summaryOf(of.default), summaryOf(of.byHand)],
      ...[naiveOf(set, both), publishedOf(set), ...standings(set, of.default, of.byHand), secondsOf(of.default)],
    ];
  });
  const titles = [
    ...['set', 'task', 'metric', ...(isCompared ? ['default before'] : []), 'default', 'by hand', 'naive rules'],
    ...['published', 'beside rules', 'beside hand', 'seconds'],
  ];
  const sources = sets.flatMap(({ name, published }) => [
    ...new Set(published.map(({ source }) => `- ${name}: ${source}`)),
  ]);
  const notes = sources.length === 0 ? [] : ['', 'Published figures:', '', ...sources];
  return [markdown(titles, rows), ...notes].join('\n');
}

/**
 * How the figures of a setting have changed: `better` and `worse` are means further apart than twice the standard error of
 * their difference; `-` is said where a side has fewer than two seeds.
 *
 * @param better `higher` or `lower`
 */
export function verdictOf(before, after, better) {
  if (before.length < 2 || after.length < 2) return DASH;
  const [old, now] = [meanAndDeviation(before), meanAndDeviation(after)];
  const [first, second] = [old.deviation ?? 0, now.deviation ?? 0];
  const error = Math.sqrt(first ** 2 / before.length + second ** 2 / after.length);
  const gain = (now.mean - old.mean) * (better === 'higher' ? 1 : -1);
  if (Math.abs(gain) <= 2 * error) return 'same';
  return gain > 0 ? 'better' : 'worse';
}

/** A row for each set and setting that both sides have, or that one of them has. */
export function comparisonTable(sets, before, after, settings) {
  const rows = sets.flatMap((set) =>
    settings.flatMap((setting) => {
      const [old, now] = [resultsOf(before, set, setting), resultsOf(after, set, setting)];
      if (old.length === 0 && now.length === 0) return [];
      const [were, are] = [valuesOf(old), valuesOf(now)];
      const change = were.length > 0 && are.length > 0 ? meanAndDeviation(are).mean - meanAndDeviation(were).mean : 0;
      const shown = were.length > 0 && are.length > 0 ? figure(change) : DASH;
      return [
        [
          ...[set.name, setting, metricOf(set), summaryOf(old), summaryOf(now), shown],
          ...[verdictOf(were, are, set.metric.better), secondsOf(old), secondsOf(now)],
        ],
      ];
    }),
  );
  const titles = [
    'set',
    'setting',
    'metric',
    'before',
    'after',
    'change',
    'verdict',
    'seconds before',
    'seconds after',
  ];
  return markdown(titles, rows);
}
