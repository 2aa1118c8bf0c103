/** Work that overlaps while its results come out in the order in which it was given. */

export interface Task<Result> {
  /** What the task keeps in memory from its start until its result is taken, roughly. */
  readonly bytes: number;
  start(): Promise<Result>;
}

export interface Window {
  /** Tasks under way at once. */
  readonly tasks: number;
  /** Bytes that these may hold together; a single larger task runs alone. */
  readonly bytes: number;
}

/** Results in the order of the tasks. The tasks are asked for as the window has room, so they may be endless. */
export async function* inOrder<Result>(
  tasks: Iterable<Task<Result>> | AsyncIterable<Task<Result>>,
  window: Window,
): AsyncGenerator<Result, void, undefined> {
  const underWay: { result: Promise<Result>; bytes: number }[] = [];
  let held = 0;
  for await (const task of tasks) {
    while (underWay.length > 0 && (underWay.length >= window.tasks || held + task.bytes > window.bytes)) {
      const first = underWay.shift()!;
      yield await first.result;
      held -= first.bytes;
    }
    const result = task.start();
    result.catch(() => {}); // reported when its turn comes, or not at all when an earlier one ended the run
    underWay.push({ result, bytes: task.bytes });
    held += task.bytes;
  }
  for (const { result } of underWay) yield await result;
}
