/** The only side channel: what the core tells while it works. Every method is optional, counts are deltas. */
import type { UnzipxError } from "../errors.ts";
import type { LeftOut } from "./left-out.ts";
import type { Summary } from "./summary.ts";

export interface Reporter {
  /** The archive is open: what goes wrong is added to its summary while the work goes on. */
  begun?(summary: Summary): void;
  /** It is known how much there is to do, of which something may be done already: `total` in bytes of the unit that progress() counts, undefined when it is unknown. */
  start?(total: number | undefined): void;
  progress?(bytes: number, entry: string | undefined): void;
  warning?(warning: UnzipxError): void;
  /** One line worth of news for -v: an entry is done. */
  entry?(path: string, size: number | undefined): void;
  /** Not packed, because an option says so; a folder stands for all that is in it. */
  leftOut?(path: string, why: LeftOut): void;
  done?(): void;
}
