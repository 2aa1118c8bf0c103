/** What was found: one folder each in fuzz/findings, with the bytes, and what it takes to see it again. */
import { mkdirSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Plan } from "./targets.ts";

export interface Finding {
  readonly plan: Plan;
  readonly faults: readonly string[];
  /** How often the same came up. */
  count: number;
}

/** Two findings are the same when the first fault is, whatever the numbers and names in it. */
export function keyOf(target: string, fault: string): string {
  return `${target}: ${fault.replace(/"[^"]*"/g, '""').replace(/;.*/, "").replace(/[\w./-]+\.(js|ts):\d+:\d+/g, "").replace(/\d+/g, "#").slice(0, 160)}`;
}

export function saveFinding(folder: string, { plan, faults }: Finding, least: { readonly name: string; readonly bytes: Buffer; readonly password: string | undefined } | undefined): string {
  const short = createHash("sha1").update(keyOf(plan.target, faults[0]!)).digest("hex").slice(0, 8);
  const own = join(folder, `${plan.target}-${short}`);
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, "finding.json"), `${JSON.stringify({ faults, password: least?.password, file: least?.name, ...plan }, null, 1)}\n`);
  if (least !== undefined) writeFileSync(join(own, least.name), least.bytes);
  return own;
}
