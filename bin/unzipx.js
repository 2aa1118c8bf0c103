#!/usr/bin/env node
// Without Node's compile cache: by default it lies in a shared temporary folder under a name that anybody can guess.
require("../dist/main.cjs").main();
