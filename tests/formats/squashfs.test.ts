/** SquashFS images whose compression the engine does not know are refused by name, before it is asked. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { unpack } from "../helpers/library.ts";
import { has, run, temporaryFolder } from "../helpers/tools.ts";

const fixture = readFileSync(new URL("../../fixtures/squashfs/good.squashfs", import.meta.url));
const LZ4 = { error: { code: "UNSUPPORTED_METHOD", message: expect.stringContaining("lz4") }, contents: {} };

describe("squashfs: compression", () => {
  it.skipIf(!has("mksquashfs"))("an image that is compressed with lz4 is refused, and says so (needs mksquashfs)", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "a.txt"), "hello\n".repeat(1000));
    run("mksquashfs", ["a.txt", "a.sqfs", "-comp", "lz4", "-quiet", "-no-progress"], { cwd: folder });
    expect(await unpack(readFileSync(join(folder, "a.sqfs")), { name: "a.sqfs" })).toMatchObject(LZ4);
  });

  it("only version 4 has its compression at offset 20", async () => {
    const image = Buffer.from(fixture);
    image.writeUInt16LE(5, 20);
    expect(await unpack(image, { name: "a.sqfs" })).toMatchObject(LZ4);
    image.writeUInt16LE(3, 28);
    expect((await unpack(image, { name: "a.sqfs" })).error?.code).not.toBe("UNSUPPORTED_METHOD");
  });
});
