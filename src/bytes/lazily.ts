/** What `begin` gives, begun when the first one is asked for: `yield*` does the same and takes three more turns of the event queue for each that follows. */
export function lazily<One>(begin: () => Promise<AsyncIterable<One>>): AsyncIterableIterator<One> {
  let inner: AsyncIterator<One> | undefined;
  let begun: Promise<AsyncIterator<One>> | undefined;
  let isOver = false;
  const end = { done: true, value: undefined } as const;
  const first = async (): Promise<IteratorResult<One>> => {
    if (isOver) return end;
    inner = await (begun ??= begin().then((all) => all[Symbol.asyncIterator]()));
    return isOver ? end : inner.next();
  };
  const iterator: AsyncIterableIterator<One> = {
    next: () => (inner === undefined ? first() : inner.next()),
    async return() {
      isOver = true;
      await begun?.then((one) => one.return?.(), () => {});
      return end;
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
