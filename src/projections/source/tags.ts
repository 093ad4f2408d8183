/** Checkpoint tags: where a projection is, as clients see it (contract 8.8). */
import { ALL } from "../../event.ts";
import { isJsonObject, parseObject } from "../json.ts";
import { DELETES } from "./selection.ts";

export type Place = {
	/** Everything before this position is handled. */
	readonly next: number;
	/** By stream: the number to read from. */
	readonly cursors: { readonly [stream: string]: number };
};

/**
 * @param isAll whether it reads all streams, or the indexes of its types in place of them
 * @returns JSON
 */
export function tagOf({ next, cursors }: Place, isAll: boolean): string {
	const streams = Object.entries(cursors).filter(
		([stream]) => stream !== ALL && (isAll || !DELETES.includes(stream)),
	);
	const numbers = Object.fromEntries(streams.map(([stream, at]) => [stream, at - 1]));
	if (!isAll) return JSON.stringify({ $s: numbers });
	const position = { $c: Math.max(0, next - 1), $p: next - 1 };
	return JSON.stringify(streams.length === 0 ? position : { ...position, $s: numbers });
}

/** @returns undefined if a value is no tag */
export function placeIn(tag: unknown): Place | undefined {
	const value = typeof tag === "string" ? parseObject(tag) : tag;
	if (!isJsonObject(value)) return undefined;
	const { $p, $c, $s } = value;
	const position = $p ?? $c;
	if (position !== undefined && !isFrom(position, -1)) return undefined;
	const cursors: { [stream: string]: number } = {};
	for (const [stream, at] of Object.entries(isJsonObject($s) ? $s : {})) {
		if (!isFrom(at, -1)) return undefined;
		cursors[stream] = at + 1;
	}
	return { next: position === undefined ? 0 : (position as number) + 1, cursors };
}

function isFrom(value: unknown, least: number): value is number {
	return Number.isSafeInteger(value) && (value as number) >= least;
}
