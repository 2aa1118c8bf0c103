/**
 * What V8 made of the program's files is kept where Node can do that (22.1 and later), which saves a tenth of a short run. In the
 * user's own cache: Node's default is a folder under a guessable name in the shared temporary one, and what lies there is run.
 */
import module from "node:module";
import { join } from "node:path";
import { privateFolder } from "../safe/private-folder.ts";

/** Not in the types of the oldest Node that is served. */
interface Keeping {
  enableCompileCache?(folder: string): unknown;
}

/** To be called before what is worth keeping is loaded. */
export function keepCompiled(env: NodeJS.ProcessEnv): void {
  const { enableCompileCache } = module as Keeping;
  if (enableCompileCache === undefined || env["NODE_DISABLE_COMPILE_CACHE"]) return;
  const folder = privateFolder(env);
  if (folder !== undefined) enableCompileCache(join(folder, "compiled"));
}
