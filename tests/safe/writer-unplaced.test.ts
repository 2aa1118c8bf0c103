/** The promises of SafeWriter once more, for files that get no place of their own until somebody asks for it. */
import { unplaced } from "../helpers/unplaced.ts";

unplaced.wanted = true;
await import("./writer.test.ts");
