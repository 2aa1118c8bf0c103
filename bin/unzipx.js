#!/usr/bin/env node
// Without Node's compile cache: by default it lies in a shared temporary folder under a name that anybody can guess.
const { main } = await import("../dist/main.js");
await main();
