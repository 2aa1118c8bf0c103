/** Behind what is in `to`. To spread what an archive decides the length of would end in a RangeError: from some 125,000 on they are too many arguments. */
export function addAll<Item>(to: Item[], from: Iterable<Item>): void {
  for (const one of from) to.push(one);
}
