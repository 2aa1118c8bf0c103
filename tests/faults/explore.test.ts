import { it } from "vitest";
import { sandbox } from "../helpers/cli.ts";
import { everyFault, type Fault } from "../helpers/fault.ts";
import { SCENES } from "./scenes.ts";
const fault = JSON.parse(process.env["FAULT_JSON"] ?? '{"with":"EIO"}') as Fault;
for (const [name, scene] of Object.entries(SCENES)) {
  it(name, async () => {
    const got = await everyFault(scene, fault, sandbox());
    console.log(name, JSON.stringify(got));
  }, 900_000);
}
