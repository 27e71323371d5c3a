/** The memory of a training. */

import type { ModelMemory } from '../../model/execute/results.js';
import type { Model } from '../../model/model.js';

/** Memory in bytes: planned by the model, for each part and in total, and measured for the whole process. */
export interface TrainingMemory extends Omit<ModelMemory, 'total'> {
  readonly plannedBytes: number;
  /** How much the process has grown since the model was made. Other allocations of the process are part of it. */
  readonly grownBytes: number;
  readonly residentBytes: number;
  readonly peakResidentBytes: number;
}

/** @param residentBefore bytes of the process before the model was made */
export function measureMemory(model: Model, residentBefore: number): TrainingMemory {
  const { total, ...parts } = model.memory;
  const residentBytes = process.memoryUsage.rss();
  return {
    plannedBytes: total,
    ...parts,
    grownBytes: residentBytes - residentBefore,
    residentBytes,
    peakResidentBytes: process.resourceUsage().maxRSS * 1024,
  };
}
