/** From a finding to the least that still shows it: first fewer mutations, then fewer and plainer bytes. */
import type { Plan } from "./targets.ts";

/** Whether the fault is still there. */
export type Shows = (bytes: Buffer) => Promise<boolean>;

export interface Least {
  readonly plan: Plan;
  readonly bytes: Buffer;
}

/** Milliseconds: a finding is worth no more of the time that others are looked for in. */
const MOST_TIME = 45_000;

export async function minimise(plan: Plan, bytesOf: (plan: Plan) => Buffer, shows: Shows, tries: number): Promise<Least> {
  const until = Date.now() + MOST_TIME;
  let left = tries;
  const asked = new Set<string>();
  const ask = async (bytes: Buffer): Promise<boolean> => {
    const key = bytes.toString("latin1");
    if (left <= 0 || Date.now() > until || asked.has(key)) return false;
    left -= 1;
    asked.add(key);
    return shows(bytes);
  };
  let { mutations } = plan;
  for (let at = mutations.length - 1; at >= 0; at--) {
    const fewer = mutations.filter((_, i) => i !== at);
    if (await ask(bytesOf({ ...plan, mutations: fewer }))) mutations = fewer;
  }
  const least = { ...plan, mutations };
  let bytes = bytesOf(least);
  // Pieces go, large ones first, from the end to the start.
  for (let length = 2 ** Math.floor(Math.log2(Math.max(1, bytes.length))); length >= 1 && left > 0; length = Math.floor(length / 2)) {
    for (let at = bytes.length - length; at >= 0 && left > 0; at -= length) {
      const shorter = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
      if (await ask(shorter)) bytes = shorter;
    }
    if (bytes.length / Math.max(1, length) > 400) break; // what is left is not worth the time
  }
  return { plan: least, bytes };
}
