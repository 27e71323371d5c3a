/** The loaded task that the examples of its methods use. */
import { loadTask } from 'bptt/tasks';

export const names = await loadTask('runs/names', { task: 'classify', threads: 1 });
