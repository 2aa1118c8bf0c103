import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { termsDefine } from "../scripts/terms-define.mjs";
import { TERMS_DIGEST, TERMS_VERSION } from "../src/cli/terms-edition.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const terms = readFileSync(join(root, "TERMS.md"), "utf8");

/** The text between the heading of section `number` and the next heading. */
function section(number: number): string {
  return terms.split(/^## /m).find((part) => part.startsWith(`${number}. `)) ?? "";
}

test("TERMS.md has the seventeen sections in order", () => {
  const numbers = [...terms.matchAll(/^## (\d+)\. \S/gm)].map((match) => Number(match[1]));
  expect(numbers).toEqual(Array.from({ length: 17 }, (_, index) => index + 1));
});

test("TERMS.md begins with a title, a version and a date", () => {
  expect(terms).toMatch(/^# .+\n\nVersion: \d+(\.\d+)*\nDate: \d{4}-\d\d-\d\d\n/);
});

test("TERMS.md says under Changes what its version brought, with its date", () => {
  const date = /^Date: (.+)$/m.exec(terms)?.[1];
  expect(terms.split(/^## /m)[1]).toMatch(/^Changes\n/);
  expect(terms).toContain(`\n- ${TERMS_VERSION} (${date}): `);
});

test("section 10 keeps (1) with (A) to (K), (2), (3) with (A) to (E), (4), (5) and (6)", () => {
  const marks = [...section(10).matchAll(/^(?:- )?\(([A-K1-6])\)/gm)].map((match) => match[1]);
  expect(marks.join("")).toBe("1ABCDEFGHIJK23ABCDE456");
});

test("section 5 names every field of the store", () => {
  for (const field of ["version", "digest", "acceptedAt", "how"]) expect(section(5)).toContain(`\`${field}\``);
});

test("the build's constants are the version and the SHA-256 of TERMS.md", () => {
  expect(TERMS_VERSION).toBe(/^Version: (.+)$/m.exec(terms)?.[1]);
  expect(TERMS_DIGEST).toBe(createHash("sha256").update(terms).digest("hex"));
});

test("termsDefine() throws when the version line is missing", () => {
  const folder = mkdtempSync(join(tmpdir(), "unzipx-terms-"));
  try {
    writeFileSync(join(folder, "TERMS.md"), "# Terms\n\nDate: 2026-11-22\n");
    expect(() => termsDefine(folder)).toThrow("Version");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
