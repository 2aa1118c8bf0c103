/** The commands that touch no archive. */
import { UnzipxError } from "../../errors.ts";
import { stdout } from "../streams.ts";
import type { Verb } from "./shared.ts";

export const terms: Verb = async ([action = "show"], _, flags) => {
  const { termsAccept, termsRevoke, termsShow, termsStatus } = await import("../terms.ts");
  const { printTerms, printTermsText } = await import("../render-terms.ts");
  switch (action) {
    case "show":
      return printTermsText(await termsShow(), flags);
    case "accept":
      return printTerms(await termsAccept(), flags);
    case "status":
      return printTerms(termsStatus(), flags);
    case "revoke":
      return printTerms(await termsRevoke(), flags);
    default:
      throw new UnzipxError("USAGE", `There is no action "${action}" of terms`, { hint: "unzipx terms show|accept|status|revoke" });
  }
};

export const formats: Verb = async (_, __, flags) => {
  const { printFormats } = await import("../render-formats.ts");
  return printFormats(flags);
};

export const completions: Verb = async ([shell = ""]) => {
  const { completionScript } = await import("../completions/index.ts");
  stdout.write(completionScript(shell));
  return 0;
};
