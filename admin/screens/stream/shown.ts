/** All that a stream's screen shows, read from the store. */
import type { StreamEntry } from "../../../src/log/log.ts";
import type { Visit } from "../../../src/screens.ts";
import { readBeginnings } from "../beginnings.ts";
import { type TypesOf, typesOf } from "./core.ts";
import { type Described, describedIn } from "./described.ts";
import { type Found, findOfType } from "./filter.ts";
import type { Place } from "./place.ts";

export type Shown = {
	readonly place: Place;
	/** Of large events only the beginning; undefined `sizes` for whole ones. */
	readonly entries: readonly StreamEntry[];
	readonly sizes: ReadonlyMap<number, number> | undefined;
	/** Of the stream; -1 if it shows no events. */
	readonly last: number;
	/** The lowest number that is shown, if metadata or an erasure hides others. */
	readonly first: number;
	readonly types: TypesOf;
	readonly described: Described;
	readonly filtered?: (Found & { readonly type: string }) | undefined;
};

/** @throws Refusal as a read of the stream */
export async function readShown(visit: Visit, place: Place): Promise<Shown> {
	const { store, query } = visit;
	const { stream: name, range } = place;
	const { from, count: limit, direction } = range;
	const slice = await readBeginnings(store, { stream: name, from, limit, direction });
	const last = Number(slice.last);
	const first = Number(slice.retention?.first ?? 0);
	const type = query.get("type") ?? "";
	const before = /^\d{1,15}$/.test(query.get("before") ?? "")
		? Number(query.get("before"))
		: undefined;
	const [types, described, found] = await Promise.all([
		typesOf(store, name, last),
		describedIn(store, name),
		type === "" || last < 0 ? undefined : findOfType(store, name, type, before),
	]);
	const filtered = found && { ...found, type };
	const entries = found?.entries ?? slice.entries;
	const sizes = found ? undefined : slice.sizes;
	return { place, entries, sizes, last, first, types, described, filtered };
}
