/**
 * Checks documents with the grammar of RFC 4287, where the tool for it (Debian package jing) is
 * installed.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Of feeds and entries, and of the service documents of RFC 5023. */
export type Grammar = "atom.rnc" | "app-service.rnc";

/** `test`, or where jing is missing `test.skip`, so that the report says so. */
export const testWithJing = spawnSync("jing", ["-h"]).error ? test.skip : test;

/** What jing has against the documents; "" for nothing. */
export function grammarFaults(documents: readonly string[], name: Grammar = "atom.rnc"): string {
	const grammar = fileURLToPath(new URL(`../data/${name}`, import.meta.url));
	const folder = mkdtempSync(join(tmpdir(), "varve-atom-"));
	try {
		const files = documents.map((document, i) => {
			const file = join(folder, `${i}.xml`);
			writeFileSync(file, document);
			return file;
		});
		const run = spawnSync("jing", ["-c", grammar, ...files], { encoding: "utf8" });
		return run.status === 0 ? "" : `status ${run.status}\n${run.stdout}${run.stderr}`;
	} finally {
		rmSync(folder, { recursive: true });
	}
}
