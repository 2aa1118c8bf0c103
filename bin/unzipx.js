#!/usr/bin/env node
import module from "node:module";

// Node 22.1 and later keep compiled code between runs; earlier ones have no such function.
module.enableCompileCache?.();
const { main } = await import("../dist/main.js");
await main();
