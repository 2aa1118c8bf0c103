import { appendFileSync } from "node:fs";
import { it } from "vitest";
import { sandbox } from "../helpers/cli.ts";
import { everyFault, type Fault } from "../helpers/fault.ts";
import { SCENES } from "./scenes.ts";
const fault = JSON.parse(process.env["FAULT_JSON"] ?? '{"with":"EIO"}') as Fault;
for (const [name, scene] of Object.entries(SCENES)) {
  it(name, async () => {
    const at = Date.now();
    try {
      const got = await everyFault(scene, fault, sandbox());
      appendFileSync("/tmp/faults/progress", `OK ${fault.with} ${name} ${JSON.stringify(got)} ${Date.now() - at} ms\n`);
    } catch (error) {
      appendFileSync("/tmp/faults/progress", `FAILED ${fault.with} ${name} ${Date.now() - at} ms\n${(error as Error).message}\n`);
    }
  }, 900_000);
}
