/** The promises of SafeWriter once more, for files that get no place of their own until somebody asks for it. */
import { bare } from "../helpers/bare.ts";

bare.wanted = true;
await import("./writer.test.ts");
