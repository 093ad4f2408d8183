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
};

export type Node = {
	readonly type: string;
	readonly span?: { readonly start: number; readonly end: number };
	readonly [member: string]: unknown;
};

export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

/** Every TypeScript file below the folders. */
export function sourcesIn(...folders: readonly string[]): Source[] {
	return folders.flatMap((folder) =>
		filesIn(folder)
			.filter((path) => path.endsWith(".ts"))
			.map(parseSource),
	);
}

/** Every file below a folder, as paths from the root. */
export function filesIn(folder: string): string[] {
	return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
		.filter((entry) => entry.isFile())
		.map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
		.sort();
}

function parseSource(path: string): Source {
	const text = readFileSync(join(ROOT, path), "utf8");
	// The parser counts from its first token, and on from what it parsed before: a token of ours
	// marks the start.
	const mark = "0;";
	const bytes = Buffer.from(mark + text);
	const module = parseSync(mark + text, { syntax: "typescript", target: "es2022" });
	const nodes = [...nodesOf(module)];
	return {
		path,
		text,
		lines: text.split("\n"),
		imports: nodes.flatMap((node) => importOf(node, path)),
		nodes,
		lineOf: (place) =>
			bytes
				.subarray(0, place - module.span.start)
				.toString()
				.split("\n").length,
	};
}

function* nodesOf(value: unknown): Generator<Node> {
	if (typeof value !== "object" || value === null) return;
	if ("type" in value && typeof value.type === "string") yield value as Node;
	for (const member of Object.values(value)) yield* nodesOf(member);
}

/** Where a module comes in: `import`, `export … from`, `import()`, and `import("…")` as a type. */
function importOf(node: Node, path: string): Import[] {
	const callee = node.callee as Node | undefined;
	const written =
		callee?.type === "Import"
			? (node.arguments as { readonly expression?: unknown }[])[0]?.expression
			: node.type === "TsImportType"
				? node.argument
				: node.source;
	const specifier = (written as { value?: unknown } | null | undefined)?.value;
	if (typeof specifier !== "string") return [];
	if (specifier.startsWith(".")) {
		return [{ target: join(dirname(path), specifier), ours: true }];
	}
	const parts = specifier.split("/");
	const name = specifier.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] ?? "");
	return [{ target: name, ours: false }];
}
