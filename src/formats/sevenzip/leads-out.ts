/** Links that 7-Zip takes for dangerous. */

/** Whether a link, going by the names alone, leaves the root or ends there. */
export function leadsOut(path: string, target: string): boolean {
  if (target.startsWith("/")) return true;
  let level = path.split("/").filter(isStep).length - 1;
  for (const step of target.split("/").filter(isStep)) {
    level += step === ".." ? -1 : 1;
    if (level < 0) return true;
  }
  return level < 1;
}

function isStep(component: string): boolean {
  return component !== "" && component !== ".";
}
