// `node --import ./scripts/typed.js file.ts`: runs TypeScript of the tests outside of the test
// runner, on a node that cannot strip types itself. As in the tests, the product is the built code.
import { readFileSync } from "node:fs";
import { register } from "node:module";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";

const root = new URL("../", import.meta.url).href;

// The hooks below run in a thread that loads this very file.
if (isMainThread) register(import.meta.url);

export async function resolve(specifier, context, next) {
	const url = specifier.startsWith(".") ? new URL(specifier, context.parentURL).href : specifier;
	const [, source] = new RegExp(`^${root}((?:src|feeds)/.*)\\.ts$`).exec(url) ?? [];
	return next(source === undefined ? url : `${root}dist/${source}.js`, context);
}

export async function load(url, context, next) {
	if (!url.endsWith(".ts")) return next(url, context);
	const { transform } = await import("@swc/core");
	const { code } = await transform(readFileSync(fileURLToPath(url), "utf8"), {
		filename: fileURLToPath(url),
		jsc: { parser: { syntax: "typescript" }, target: "es2022" },
		module: { type: "es6" },
		sourceMaps: "inline",
		swcrc: false,
	});
	return { format: "module", source: code, shortCircuit: true };
}
