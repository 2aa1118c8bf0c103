/**
 * An adaptive Huffman code (Gallager 1978, Knuth 1985): both sides begin with the same tree and change it after each symbol in the
 * same way, so no table is ever sent.
 *
 * The nodes are kept in the order of their weights, the heaviest (the root, 0) first, and siblings side by side. A symbol that came is
 * counted by making its node one heavier, after it changed places with the first node that is as heavy: so the order stays, and the
 * tree is always that of a Huffman code.
 */
import type { Bits } from "./bits.ts";

/** At so many counts all weights are halved, and the past counts less. */
const FULL = 0x8000;
/** The root is heavier than any other node: the search for nodes as heavy as another ends there. */
const ROOT_WEIGHT = 0xffff;

export class AdaptiveTree {
  readonly #weights: Uint16Array;
  /** Of an inner node the later of its two children, which lie side by side; of a leaf its symbol, as -1 - symbol. */
  readonly #children: Int16Array;
  readonly #parents: Uint16Array;
  /** The nodes of the symbols. */
  readonly #leaves: Uint16Array;
  #nodes: number;
  #total: number;

  /** A tree of the symbols from 0 on, each with the weight 1; `most` of them if add() is called. */
  constructor(symbols: number, most = symbols) {
    this.#nodes = 2 * symbols - 1;
    this.#weights = new Uint16Array(2 * most - 1);
    this.#children = new Int16Array(2 * most - 1);
    this.#parents = new Uint16Array(2 * most - 1);
    this.#leaves = new Uint16Array(most);
    const symbolsInOrder = Int16Array.from({ length: symbols }, (_, symbol) => -1 - symbol);
    this.#build(new Uint16Array(symbols).fill(1), symbolsInOrder);
    // A single symbol has not been counted, and its weight is what add() goes on from.
    this.#total = symbols === 1 ? 0 : symbols;
    if (symbols === 1) this.#weights[0] = 1;
  }

  /** Takes the next symbol and counts it. @throws {UnzipxError} BAD_DATA behind the end of the bits */
  next(bits: Bits): number {
    let node = this.#children[0]!;
    while (node >= 0) node = this.#children[node - bits.take(1)]!;
    const symbol = -1 - node;
    this.#count(symbol);
    return symbol;
  }

  /** The next symbol becomes part of the code: the lightest leaf makes room for itself and the new one, which is counted once. */
  add(symbol: number): void {
    const parent = this.#nodes - 1;
    const [sibling, added] = [parent + 1, parent + 2];
    this.#nodes += 2;
    this.#weights[sibling] = this.#weights[parent]!;
    this.#weights[added] = 0;
    this.#place(sibling, this.#children[parent]!);
    this.#place(added, -1 - symbol);
    this.#place(parent, added);
    if (parent === 0) this.#weights[0] = ROOT_WEIGHT;
    this.#count(symbol);
  }

  #count(symbol: number): void {
    if (this.#total === FULL) this.#halve();
    this.#total++;
    const weights = this.#weights;
    for (let node = this.#leaves[symbol]!; node !== 0; node = this.#parents[node]!) {
      const weight = weights[node]!;
      let first = node;
      while (weights[first - 1] === weight) first--;
      if (first !== node) {
        const child = this.#children[node]!;
        this.#place(node, this.#children[first]!);
        this.#place(first, child);
        node = first;
      }
      weights[node] = weight + 1;
    }
  }

  /** All weights halved, rounded up, and a new tree of them; the leaves stay in their order. */
  #halve(): void {
    const count = (this.#nodes + 1) / 2;
    const weights = new Uint16Array(count);
    const children = new Int16Array(count);
    let leaf = 0;
    for (let node = this.#nodes - 1; node >= 0; node--) {
      if (this.#children[node]! >= 0) continue;
      weights[leaf] = (this.#weights[node]! + 1) >>> 1;
      children[leaf++] = this.#children[node]!;
    }
    this.#total = this.#build(weights, children);
  }

  /** Builds the tree from its leaves, the lightest first; of what is equally heavy, leaves come before inner nodes. Returns the weight of all. */
  #build(weights: Uint16Array, children: Int16Array): number {
    let leaf = 0;
    let pair = this.#nodes - 1; // the two nodes, this one and the one before, whose parent comes next
    for (let node = this.#nodes - 1; node >= 0; node--) {
      const sum = pair - 1 > node ? this.#weights[pair]! + this.#weights[pair - 1]! : Infinity;
      if (leaf < weights.length && weights[leaf]! <= sum) {
        this.#weights[node] = weights[leaf]!;
        this.#place(node, children[leaf++]!);
      } else {
        this.#weights[node] = sum;
        this.#place(node, pair);
        pair -= 2;
      }
    }
    const total = this.#weights[0]!;
    this.#weights[0] = ROOT_WEIGHT;
    return total;
  }

  /** Puts a leaf, or an inner node with its two children, at a place. */
  #place(node: number, child: number): void {
    this.#children[node] = child;
    if (child < 0) this.#leaves[-1 - child] = node;
    else this.#parents[child] = this.#parents[child - 1] = node;
  }
}
