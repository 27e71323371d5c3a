/** Lines of `metrics.jsonl` that are written when a training is over. */
import { MetricsFile } from '../../checkpoint/metrics-file.js';
import { metricsPath } from '../../checkpoint/run.js';
import type { JsonObject } from '../../core/json.js';

/** Adds a line of a kind to the metrics of a run, unless its last step has one: a resumed run may be over already. */
export function recordOnce(run: string, step: number, kind: string, values: JsonObject): void {
  const metrics = new MetricsFile(metricsPath(run));
  if (metrics.recordsOf(step).some((record) => record.kind === kind)) return;
  metrics.append({ kind, step, ...values });
}
