/** How large a file, a line, a function, a type and a folder may be. */
import { dirname } from "node:path";
import { isFunction } from "./forms.ts";
import type { Node, Source } from "./source.ts";

const FUNCTION_LINES_MAX = 60;
const COLUMNS_MAX = 100;
const MEMBERS_MAX = 8;
const FILES_MAX = 12;

/** Types that may have more members, each with its reason. */
export const LARGE_TYPES: Readonly<Record<string, string>> = {
	"src/errors.ts RequestRefusals":
		"a list of words, each with its facts: it is looked up, and nobody holds all of it",
};

export function tooLong(limit: number): (source: Source) => string[] {
	return ({ lines }) => {
		const length = lines.length - 1;
		if (length <= limit) return [];
		return [`: ${length} lines; ${limit} is the limit: give one of its ideas a file of its own`];
	};
}

/** A tab counts as two columns. The formatter breaks code, and neither comments nor literals. */
export function longLines({ lines }: Source): string[] {
	return lines.flatMap((line, index) => {
		const isComment = /^\s*(\*|\/\/|\/\*)/.test(line);
		const measured = isComment ? line : line.replace(/(["'`/]).{40,}\1/g, "$1$1");
		const columns = measured.replaceAll("\t", "  ").length;
		if (columns <= COLUMNS_MAX) return [];
		return [`:${index + 1}: ${columns} columns; ${COLUMNS_MAX} is the limit: break the line`];
	});
}

/** All lines of a function count, those of functions within it, too. */
export function longFunctions({ nodes, lineOf }: Source): string[] {
	return nodes.filter(isFunction).flatMap(({ span }) => {
		if (!span) return [];
		const start = lineOf(span.start);
		const length = lineOf(span.end) - start + 1;
		if (length <= FUNCTION_LINES_MAX) return [];
		return [
			`:${start}: a function of ${length} lines, inner functions included; ` +
				`${FUNCTION_LINES_MAX} is the limit: take a step out of it, or make it a class`,
		];
	});
}

/** Interfaces and the literals of types; each part of an intersection counts by itself. */
export function largeTypes({ path, nodes, lineOf }: Source): string[] {
	return nodes.flatMap((node, index) => {
		const members = membersOf(node).length;
		if (members <= MEMBERS_MAX) return [];
		const name = nameOf(nodes.slice(0, index + 1));
		if (`${path} ${name}` in LARGE_TYPES) return [];
		return [
			`:${lineOf(node.span?.start ?? 0)}: ${name} has ${members} members; ` +
				`${MEMBERS_MAX} is the limit: split it by who uses which`,
		];
	});
}

export function crowdedFolders(paths: readonly string[]): string[] {
	const counts = new Map<string, number>();
	for (const path of paths) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
	return [...counts]
		.filter(([, files]) => files > FILES_MAX)
		.map(([folder, files]) => `${folder}: ${files} files; ${FILES_MAX} is the limit: group them`);
}

function membersOf({ type, body, members }: Node): readonly unknown[] {
	if (type === "TsInterfaceBody") return body as unknown[];
	return type === "TsTypeLiteral" ? (members as unknown[]) : [];
}

/** The name of the declaration that the last of the nodes is in. */
function nameOf(nodes: readonly Node[]): string {
	const around = nodes.findLast(({ type }) =>
		["TsInterfaceDeclaration", "TsTypeAliasDeclaration"].includes(type),
	);
	const end = nodes.at(-1)?.span?.end ?? 0;
	const isInside = around?.span !== undefined && around.span.end >= end;
	return isInside ? String((around.id as { value: string }).value) : "a type without a name";
}
