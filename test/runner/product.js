/**
 * Gives tests the product as Node.js itself loads it. Jest would load each file of `dist/` anew for
 * each file of tests, and that took a third of the time of all tests. What a test imports from
 * `dist/` becomes a list of its exports, whose values come from the one copy that the worker of
 * Jest has loaded: so a test meets the product outside of the context that Jest makes for it, as
 * users do. `environment.js` has the other half.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

const OWN = readFileSync(fileURLToPath(import.meta.url));

export default {
	async processAsync(_source, path) {
		const names = Object.keys(await import(pathToFileURL(path).href));
		const values = names.map((name, at) => `const value${at} = product[${JSON.stringify(name)}];`);
		const exported = names.map((name, at) => `value${at} as ${name}`);
		const product = `const product = await globalThis[Symbol.for("varve.product")](import.meta.url);`;
		return { code: [product, ...values, `export { ${exported.join(", ")} };`].join("\n") };
	},
	/** By the names, since a file may export all that another one does. */
	async getCacheKeyAsync(_source, path) {
		const names = Object.keys(await import(pathToFileURL(path).href));
		return createHash("sha256").update(OWN).update(names.join()).digest("hex").slice(0, 32);
	},
};
