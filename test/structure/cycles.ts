/**
 * Cycles of imports. What stands side by side in a folder, files and folders alike, imports one
 * way: so no file can be in a cycle with any other, and a folder can be read after those it needs.
 */
import { basename, dirname } from "node:path";
import type { Source } from "./source.ts";

/** Who imports whom among those of one folder, each with a line that says where. */
type Neighbours = Map<string, Map<string, string>>;

/** Every cycle in words: the folder, the shortest way round, and the import behind each step. */
export function cyclesAmong(sources: readonly Source[]): string[] {
	return [...neighboursIn(sources)].flatMap(([folder, neighbours]) =>
		componentsOf(neighbours).map((component) => describe(folder, neighbours, component)),
	);
}

/** Each import, noted in the innermost folder that holds both ends. */
function neighboursIn(sources: readonly Source[]): Map<string, Neighbours> {
	const folders = new Map<string, Neighbours>();
	for (const { path, imports } of sources) {
		for (const { ours, target, line } of imports) {
			if (!ours || target === path) continue;
			const folder = folderOfBoth(path, target);
			const neighbours = entryIn(folders, folder);
			const edges = entryIn(neighbours, childIn(folder, path));
			const to = childIn(folder, target);
			if (!edges.has(to)) edges.set(to, `${path}:${line} imports ${target}`);
		}
	}
	return folders;
}

function folderOfBoth(path: string, target: string): string {
	let folder = dirname(path);
	while (folder !== "." && !target.startsWith(`${folder}/`)) folder = dirname(folder);
	return folder;
}

function childIn(folder: string, path: string): string {
	let child = path;
	while (dirname(child) !== folder) child = dirname(child);
	return child;
}

function entryIn<Value>(maps: Map<string, Map<string, Value>>, key: string): Map<string, Value> {
	const entry = maps.get(key) ?? new Map<string, Value>();
	maps.set(key, entry);
	return entry;
}

/** The strongly connected components: groups of which each member reaches every other. */
function componentsOf(neighbours: Neighbours): string[][] {
	const components: string[][] = [];
	for (const one of neighbours.keys()) {
		if (components.some((component) => component.includes(one))) continue;
		const mutual = [...neighbours.keys()].filter(
			(other) =>
				wayBetween(neighbours, one, other) !== undefined &&
				wayBetween(neighbours, other, one) !== undefined,
		);
		if (mutual.length > 0) components.push(mutual);
	}
	return components;
}

/** The shortest way from one to another, of at least one step; undefined if there is none. */
function wayBetween(neighbours: Neighbours, from: string, to: string): string[] | undefined {
	const ways: string[][] = [[from]];
	const seen = new Set<string>();
	for (const way of ways) {
		for (const next of neighbours.get(way.at(-1) as string)?.keys() ?? []) {
			if (next === to) return [...way, next];
			if (seen.has(next)) continue;
			seen.add(next);
			ways.push([...way, next]);
		}
	}
	return undefined;
}

function describe(folder: string, neighbours: Neighbours, component: readonly string[]): string {
	const rounds = component.map((one) => wayBetween(neighbours, one, one) as string[]);
	const round = rounds.sort((one, other) => one.length - other.length)[0] as string[];
	const steps = round
		.slice(1)
		.map((to, index) => neighbours.get(round[index] as string)?.get(to) as string);
	const others = component.length - (round.length - 1);
	return (
		`${folder}: a cycle, ${round.map((one) => basename(one)).join(" → ")}: ${steps.join("; ")}` +
		`${others > 0 ? ` (${others} more are in cycles with these)` : ""}; ` +
		"move what both need into a file of its own, below both"
	);
}
