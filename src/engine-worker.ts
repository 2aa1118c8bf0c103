/** The file that the engine's thread starts with. */
import { serveEngine } from "./engine/serve.ts";

serveEngine();
