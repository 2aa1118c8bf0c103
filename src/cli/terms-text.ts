/** The whole text of the terms of use. Import it lazily: most runs never show it. */
declare const __TERMS_TEXT__: string;

export const TERMS_TEXT: string = __TERMS_TEXT__;

/** The items of the section "Changes" that are newer than `version`, in the order of the text. */
export function changesSince(version: string, text: string = TERMS_TEXT): string[] {
  const section = /^## Changes\r?\n([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(text)?.[1] ?? "";
  const items = section.split(/^- /m).slice(1).map((item) => item.trim().replace(/\s+/g, " "));
  return items.filter((item) => isNewer(item.split(" ", 1)[0] ?? "", version));
}

// By number, part by part: 1.10 is newer than 1.9.
function isNewer(version: string, than: string): boolean {
  const left = version.split(".").map(Number);
  const right = than.split(".").map(Number);
  for (let part = 0; part < Math.max(left.length, right.length); part++) {
    const difference = (left[part] ?? 0) - (right[part] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}
