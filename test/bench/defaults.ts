/** What `bench/defaults.mjs` is made of, with types. */

/** A set of the index. */
export interface DataSet {
  readonly name: string;
  readonly task: string;
  readonly about: string;
  readonly parts: Readonly<Record<string, string | number>>;
  readonly options: readonly string[];
  readonly sizes: Readonly<Record<string, number>>;
  readonly metric: { readonly path: string; readonly better: 'higher' | 'lower' };
  readonly naive: Readonly<Record<string, Readonly<Record<string, string | number>>>>;
  readonly published: readonly { readonly what: string; readonly value: number; readonly source: string }[];
  readonly byHand: readonly string[];
  readonly digest: string;
}

/** A line of the results. */
export interface SetResult {
  readonly set: string;
  readonly setting: string;
  readonly seed: number;
  readonly commit: string;
  readonly status: string;
  readonly value?: number;
  readonly naive?: Readonly<Record<string, number>>;
  readonly message?: string;
  readonly seconds: number;
  readonly options: readonly string[];
  readonly needed: readonly string[];
  readonly digest: string;
  readonly limit: number;
}

/** A training that is to be done; `limit` is in minutes. */
export interface SetJob {
  readonly set: DataSet;
  readonly setting: string;
  readonly seed: number;
  readonly commit: string;
  readonly limit: number;
}

interface SharedIndex {
  dataSetsOf(index: unknown): readonly DataSet[];
  readDataSets(folder: string): readonly DataSet[];
  argumentsOf(set: DataSet, folder: string, more?: readonly string[]): readonly string[];
}

interface SharedRuns {
  optionsOf(set: DataSet, setting: string): readonly string[] | undefined;
  answers(result: SetResult, job: SetJob): boolean;
  readResults(folder: string): readonly SetResult[];
  trainOnce(
    job: SetJob,
    place: { readonly data: string; readonly out: string; readonly threads?: number; readonly keep: boolean },
  ): Promise<SetResult>;
}

interface SharedTable {
  meanAndDeviation(values: readonly number[]): { readonly mean: number; readonly deviation: number | undefined };
  verdictOf(before: readonly number[], after: readonly number[], better: 'higher' | 'lower'): string;
  standingOf(
    values: readonly number[],
    other: { readonly mean: number; readonly deviation: number | undefined } | undefined,
    better: 'higher' | 'lower',
  ): string;
  defaultsTable(sets: readonly DataSet[], results: readonly SetResult[], before?: readonly SetResult[]): string;
  comparisonTable(
    sets: readonly DataSet[],
    before: readonly SetResult[],
    after: readonly SetResult[],
    settings: readonly string[],
  ): string;
}

const shared = (name: string) => import(new URL(`../../bench/shared/${name}.mjs`, import.meta.url).href);

export const index = (await shared('data-index')) as SharedIndex;
export const runs = (await shared('default-runs')) as SharedRuns;
export const table = (await shared('defaults-table')) as SharedTable;
