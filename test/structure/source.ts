/** The project's own source, read for the rules that tests state about it. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync } from "@swc/core";

export type Source = {
	/** From the root of the project: `src/log/log.ts`. */
	readonly path: string;
	readonly text: string;
	readonly lines: readonly string[];
	readonly imports: readonly Import[];
	/** Every node of the syntax tree, outer ones before inner ones. */
	readonly nodes: readonly Node[];
	/** The line, from 1, of a node's place. */
	lineOf(place: number): number;
};

export type Import = {
	/** A path from the root for one of ours, else the package's name. */
	readonly target: string;
	readonly ours: boolean;
	readonly line: number;
};

export type Node = {
	readonly type: string;
	readonly span?: { readonly start: number; readonly end: number };
	readonly [member: string]: unknown;
};

export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

/** Every file of code below the folders: TypeScript, and the JavaScript of what is not built. */
export function sourcesIn(...folders: readonly string[]): Source[] {
	return folders.flatMap((folder) =>
		filesIn(folder)
			.filter((path) => /\.[jt]s$/.test(path))
			.map((path) => parseSource(path)),
	);
}

/** Every file below a folder, as paths from the root. */
export function filesIn(folder: string): string[] {
	return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
		.filter((entry) => entry.isFile())
		.map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
		.sort();
}

/** @param text what the file holds; read from it if left out */
export function parseSource(
	path: string,
	text: string = readFileSync(join(ROOT, path), "utf8"),
): Source {
	// The parser counts from its first token, and on from what it parsed before: a token of ours
	// marks the start.
	const marked = `0;${text.replace(/^#!/, "//")}`;
	const module = parseSync(marked, { syntax: "typescript", target: "es2022" });
	const nodes = [...nodesOf(module)];
	const lineOf = lineCounter(marked, module.span.start);
	const imports = nodes.flatMap((node) => importOf(node, path, lineOf));
	return { path, text, lines: text.split("\n"), imports, nodes, lineOf };
}

/** Places are counted in bytes. */
function lineCounter(text: string, start: number): (place: number) => number {
	const ends: number[] = [];
	for (const [at, byte] of Buffer.from(text).entries()) if (byte === 10) ends.push(at);
	return (place) => {
		const after = ends.findIndex((end) => end >= place - start);
		return (after < 0 ? ends.length : after) + 1;
	};
}

export function* nodesOf(value: unknown): Generator<Node> {
	if (typeof value !== "object" || value === null) return;
	if ("type" in value && typeof value.type === "string") yield value as Node;
	for (const member of Object.values(value)) yield* nodesOf(member);
}

/** Where a module comes in: `import`, `export … from`, `import()`, and `import("…")` as a type. */
function importOf(node: Node, path: string, lineOf: Source["lineOf"]): Import[] {
	const callee = node.callee as Node | undefined;
	const written =
		callee?.type === "Import"
			? (node.arguments as { readonly expression?: unknown }[])[0]?.expression
			: node.type === "TsImportType"
				? node.argument
				: node.source;
	const specifier = (written as { value?: unknown } | null | undefined)?.value;
	if (typeof specifier !== "string") return [];
	const line = lineOf(node.span?.start ?? 0);
	if (specifier.startsWith(".")) {
		return [{ target: join(dirname(path), specifier), ours: true, line }];
	}
	const parts = specifier.split("/");
	const name = specifier.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] ?? "");
	return [{ target: name, ours: false, line }];
}
