import type { InputOptions } from "rolldown";

export function bundleOptions(root: string, version: string): InputOptions;
