/**
 * What V8 made of the program's files is kept, which saves a fifth of a short run. In the user's own cache: Node's default is a folder under a guessable
 * name in the shared temporary one, and what lies there is run.
 */
import { join } from "node:path";
import { nodeModule } from "../bytes/node-modules.ts";
import { threadsKeepCompiledIn } from "../bytes/thread.ts";
import { keepByHand } from "./code-cache.ts";
import { privateFolder } from "./private-folder.ts";

/** Not in the types of the oldest Node that is served: 22.1 and later. */
interface Keeping {
  enableCompileCache?(folder: string): unknown;
}

/** An older Node has no cache of its own, and to load node:module, only to be told so, would take a third of a millisecond. */
const MAY_HAVE_ITS_OWN = Number.parseInt(process.versions.node) >= 22;

/** To be called before what is worth keeping is loaded. Only the command does: a library leaves nothing behind. `hasFlags`: V8 was given some, and takes only what was made with the same ones. */
export function keepCompiled(env: NodeJS.ProcessEnv, { hasFlags }: { readonly hasFlags: boolean }): void {
  if (env["NODE_DISABLE_COMPILE_CACHE"]) return;
  const folder = privateFolder(env);
  keepCompiledIn(folder && join(folder, hasFlags ? "compiled/large" : "compiled"));
}

/** As on the thread that this one belongs to. */
export function keepCompiledIn(folder: string | undefined): void {
  if (folder === undefined) return;
  threadsKeepCompiledIn(folder); // they have to begin anew
  const { enableCompileCache } = MAY_HAVE_ITS_OWN ? (nodeModule() as Keeping) : {};
  if (enableCompileCache !== undefined) enableCompileCache(folder);
  else keepByHand(join(folder, `${process.version}-${process.arch}`));
}
