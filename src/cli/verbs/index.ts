/** One function a command: arguments → command → what is printed → exit code. */
export { create } from "./create.ts";
export { extract } from "./extract.ts";
export { list } from "./list.ts";
export { completions, formats, terms } from "./others.ts";
export { test } from "./test.ts";
