/**
 * The static files of the UI: its style, its scripts, its sign. All have the hash of all in their
 * path, so that a page and what it loads are always of one version, and caches keep them for ever.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import etag from "etag";
import type { StaticFile } from "../../src/screens.ts";

const HASH_LENGTH = 10;
const SCRIPT = "text/javascript; charset=utf-8";
const HASHES = "@noble/hashes/sha2.js";
/** Files of packages: how they are imported, and the names under which they are served. */
const LIBRARIES = [
	["@noble/ed25519", "ed25519.js"],
	[HASHES, "sha2.js"],
] as const;
/** What `sha2.js` imports, beside it in its package. */
const BESIDE_HASHES = ["_md.js", "_u64.js", "utils.js"];
const STYLE = new URL("../../../admin/style/", import.meta.url);
const SCRIPTS = new URL("../browser/", import.meta.url);

/** The mark of Varve: layers. Its colours are its own, since a browser shows it in its tabs. */
const SIGN = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20"><path fill="#3d8c92" d="M1 1h18v3H1z"/><path fill="#a67a1e" d="M1 6h18v2H1z"/><path fill="#5b7fa6" d="M1 11h18v3H1z"/><path fill="#8b6a9f" d="M1 16h18v3H1z"/></svg>`;

export class Files {
	readonly #files: ReadonlyMap<string, StaticFile>;
	/** What stands between `/ui/` and the name of a file. */
	readonly #hash: string;

	constructor() {
		const contents = [
			["admin.css", "text/css; charset=utf-8", styles()] as const,
			["sign.svg", "image/svg+xml", SIGN] as const,
			...scripts(),
			...libraries(),
		];
		const hash = createHash("sha256");
		for (const [name, , text] of contents) hash.update(`${name}\0${text}\0`);
		this.#hash = hash.digest("hex").slice(0, HASH_LENGTH);
		this.#files = new Map(
			contents.map(([name, contentType, text]) => {
				const body = Buffer.from(text);
				return [`${this.#hash}/${name}`, { contentType, body, eTag: etag(body) }];
			}),
		);
	}

	/** @param name as it stands behind `/ui/` */
	get(name: string): StaticFile | undefined {
		return this.#files.get(name);
	}

	/** The path of a file that is there. */
	path(name: string): string {
		return `/ui/${this.#hash}/${name}`;
	}
}

/** In the order of their names, which begin with a number; comments are for their authors. */
function styles(): string {
	const names = readdirSync(STYLE).filter((name) => name.endsWith(".css"));
	return names
		.sort()
		.map((name) => readFileSync(new URL(name, STYLE), "utf8"))
		.join("\n")
		.replace(/\/\*[\s\S]*?\*\/|^\s+/gm, "");
}

function scripts(): (readonly [name: string, contentType: string, text: string])[] {
	const files = readdirSync(SCRIPTS, { recursive: true, encoding: "utf8" });
	const names = files
		.filter((name) => name.endsWith(".js"))
		.map((name) => name.replaceAll("\\", "/"));
	return names.map((name) => {
		const text = readFileSync(new URL(name, SCRIPTS), "utf8");
		return [name, SCRIPT, beside(text)];
	});
}

/** Loaded by the browsers alone that cannot check a proof by themselves. */
function libraries(): (readonly [name: string, contentType: string, text: string])[] {
	const { resolve } = createRequire(import.meta.url);
	const own = LIBRARIES.map(([specifier, name]) => [name, resolve(specifier)] as const);
	const hashes = dirname(resolve(HASHES));
	const others = BESIDE_HASHES.map((name) => [name, join(hashes, name)] as const);
	return [...own, ...others].map(([name, path]) => [name, SCRIPT, readFileSync(path, "utf8")]);
}

/** A browser finds a library as a file beside the one that imports it. */
function beside(text: string): string {
	const found = LIBRARIES.reduce(
		(changed, [specifier, name]) => changed.replaceAll(`"${specifier}"`, `"./${name}"`),
		text,
	);
	return found.replace(/^\/\/# source.*$/m, "");
}
