/** The files that pages load, which are committed, are what the sources make. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { rollup } from "rollup";
import bundles from "../rollup.config.mjs";

const HERE = dirname(dirname(fileURLToPath(import.meta.url)));

for (const { output, ...input } of bundles) {
  const name = output.file ? basename(output.file) : output.entryFileNames;
  const place = output.dir ?? HERE;
  test(`${name} is what src/ makes; where it is not, "make js" builds it anew`, async () => {
    const bundle = await rollup(input);
    const { output: made } = await bundle.generate(output);
    await bundle.close();
    for (const file of made) {
      const found = await readFile(`${place}/${output.file ? name : file.fileName}`, "utf-8");
      assert.ok((file.type === "chunk" ? file.code : file.source) === found, `${file.fileName} is stale: run "make js", and commit it`);
    }
  });
}
