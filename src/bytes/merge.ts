/** Several producers at once, as one. */

/**
 * What the producers give, as it comes; each goes on only when what it gave was taken, and is not asked for the next
 * before. An error of one ends all. Whoever stops early runs the producers' `finally` blocks.
 */
export async function* merge<Item>(producers: readonly AsyncGenerator<Item>[]): AsyncGenerator<Item> {
  type Turn = { readonly producer: AsyncGenerator<Item>; readonly result: IteratorResult<Item> };
  const pending = new Map<AsyncGenerator<Item>, Promise<Turn>>();
  const ask = (producer: AsyncGenerator<Item>): void => {
    const turn = producer.next().then((result) => ({ producer, result }));
    turn.catch(() => {}); // told when it is waited for
    pending.set(producer, turn);
  };
  try {
    for (const producer of producers) ask(producer);
    while (pending.size > 0) {
      const { producer, result } = await Promise.race(pending.values());
      pending.delete(producer);
      if (result.done === true) continue;
      yield result.value;
      ask(producer);
    }
  } finally {
    await Promise.all(producers.map((producer) => producer.return(undefined)));
  }
}
