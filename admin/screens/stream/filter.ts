/** The entries of one type in a stream: found by a bounded walk down from a number. */
import { isRefusal } from "../../../src/errors.ts";
import type { StreamName } from "../../../src/event.ts";
import type { StreamEntry } from "../../../src/log/log.ts";
import type { Store } from "../../../src/screens.ts";

export type Found = {
	readonly entries: readonly StreamEntry[];
	/** Where to go on: the entries below it; undefined at the end of the stream. */
	readonly before: number | undefined;
	readonly searched: number;
};

const ROWS = 20;
const STEP = 500;
/** Some 60 ms of reading events without their content. */
const SEARCHED_MAX = 20_000;

/** @param before only entries below this number; undefined from the newest */
export async function findOfType(
	store: Store,
	stream: StreamName,
	type: string,
	before: number | undefined,
): Promise<Found> {
	const versions: number[] = [];
	let from: number | "head" = before === undefined ? "head" : before - 1;
	let searched = 0;
	while ((from === "head" || from >= 0) && searched < SEARCHED_MAX && versions.length < ROWS) {
		const range = { stream, from, limit: STEP, direction: "backward", content: false } as const;
		const { entries, last } = await store.read(range);
		const start = from === "head" ? Number(last) : from;
		for (const { version, event } of entries) {
			if (event.type !== type) continue;
			versions.push(Number(version));
			if (versions.length === ROWS) break;
		}
		const reached = versions.length === ROWS ? (versions.at(-1) ?? 0) - 1 : start - STEP;
		searched += start - Math.max(reached, -1);
		from = reached;
	}
	const entries = await Promise.all(versions.map((version) => entryAt(store, stream, version)));
	return {
		entries: entries.filter((entry) => entry !== undefined),
		before: from === "head" || from < 0 ? undefined : from + 1,
		searched,
	};
}

/** Undefined if it is hidden by now. */
async function entryAt(
	store: Store,
	stream: StreamName,
	version: number,
): Promise<StreamEntry | undefined> {
	const range = { stream, from: version, limit: 1, direction: "backward", content: true } as const;
	return (await store.read(range)).entries[0];
}

/**
 * The newest entry of a type below a number, among so many as a screen looks through.
 * @returns undefined also for an event of a stream that was deleted for ever
 */
export async function previousOfType(
	store: Store,
	stream: StreamName,
	type: string,
	below: number,
): Promise<StreamEntry | undefined> {
	if (below <= 0) return undefined;
	const range = { stream, from: below - 1, limit: STEP, direction: "backward" } as const;
	try {
		const { entries } = await store.read({ ...range, content: false, resolve: false });
		const found = entries.find(({ event }) => event.type === type);
		return found && (await entryAt(store, stream, Number(found.version)));
	} catch (error) {
		if (isRefusal(error, "stream-deleted")) return undefined;
		throw error;
	}
}
