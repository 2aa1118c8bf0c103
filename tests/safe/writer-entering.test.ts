/** The promises of SafeWriter once more, where the process works in the folder that is written into. */
import { entering } from "../helpers/entering.ts";

entering.wanted = true;
await import("./writer.test.ts");
