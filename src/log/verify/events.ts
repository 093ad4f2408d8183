/**
 * Checks a block of events, each by itself, against the one before, and against the tree; and sums
 * up the entries they must have.
 */
import { streamsJoined } from "../../indexes/joins.ts";
import { isErasedWhole, isEventId } from "./event.ts";
import { addEntry, addId, createNameKeys, createSums, type Span, type Sums } from "./sums.ts";
import { TileCheck } from "./tiles.ts";
import type { LogView, OnUnreadable, Report, StoredEvent } from "./view.ts";

export type CheckedBlock = {
	/** Of the entries the events must have, and of the keys of their ids. */
	readonly sums: Sums;
	readonly events: number;
	/** Those of them whose content was erased. */
	readonly erased: number;
	/** When the first was committed, and the latest. */
	readonly firstCreated: number;
	readonly lastCreated: number;
};

/** Checks events `from` up to `to`, where blocks begin; `to` may be less than a block away. */
export async function checkEvents(
	view: LogView,
	{ from, to }: Span,
	report: Report,
): Promise<CheckedBlock> {
	const sums = createSums({ from, to });
	const keyOf = createNameKeys();
	const tiles = new TileCheck(view.hashes, report);
	let next = from;
	let [events, erased] = [0, 0];
	let [firstCreated, lastCreated] = [Number.POSITIVE_INFINITY, 0];
	const onUnreadable: OnUnreadable = (span, reason) => {
		const last = span.to - 1;
		const which = last > span.from ? `positions ${span.from} to ${last}` : `position ${last}`;
		report(`${which}: cannot be read: ${reason}`);
		next = span.to;
	};
	const visit = (event: StoredEvent) => {
		const { position, stream, version, created } = event;
		if (position !== next) report(`position ${position}: follows position ${next - 1}`);
		if (created < lastCreated) {
			report(`position ${position}: created before the event in front of it`);
		}
		if (!isEventId(event.id)) report(`position ${position}: its id is no event id`);
		if (!isErasedWhole(event)) {
			report(`position ${position}: is marked as erased, and is not empty`);
		}
		tiles.see(event);
		addEntry(sums, keyOf(stream), version, position);
		if (view.idKeyOf) addId(sums, keyOf(stream), view.idKeyOf(event.id), position);
		for (const name of streamsJoined(event)) addEntry(sums, keyOf(name), -1, position);
		next = position + 1;
		firstCreated = Math.min(firstCreated, created);
		lastCreated = Math.max(lastCreated, created);
		events++;
		if (event.isErased) erased++;
	};
	await view.events(from, to, { visit, onUnreadable });
	if (next !== to) report(`position ${next}: there is no event up to position ${to - 1}`);
	tiles.end();
	return { sums, events, erased, firstCreated, lastCreated };
}
