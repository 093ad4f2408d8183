/** Which events of a large correlation are drawn: those that somebody who sees one asks about. */
import type { RecordedEvent } from "../../../src/event.ts";
import { causeOf } from "../../parts/correlation.ts";

/** More rows are no picture, and make a page heavy. */
const DRAWN_MAX = 40;
/** Of each kind: causes of causes, effects, and other effects of the same cause. */
const OF_A_KIND_MAX = 12;

/**
 * @param events oldest first
 * @returns the event, its causes up to the root, its effects, its siblings, and its neighbours in
 * time, as many as are drawn; oldest first
 */
export function nearestTo(
	event: RecordedEvent,
	events: readonly RecordedEvent[],
): readonly RecordedEvent[] {
	if (events.length <= DRAWN_MAX) return events;
	const at = events.findIndex(({ position }) => position === event.position);
	if (at < 0) return events.slice(0, DRAWN_MAX);
	const byDistance = events
		.map((one, index) => ({ one, distance: Math.abs(index - at) }))
		.sort((a, b) => a.distance - b.distance)
		.map(({ one }) => one);
	const cause = causeOf(event.metadata);
	const causedBy = (id: string | undefined) =>
		id === undefined ? [] : byDistance.filter(({ metadata }) => causeOf(metadata) === id);
	const wanted = [
		event,
		...causesOf(event, events),
		...causedBy(event.id).slice(0, OF_A_KIND_MAX),
		...causedBy(cause).slice(0, OF_A_KIND_MAX),
		...byDistance,
	];
	const chosen = new Set<RecordedEvent["position"]>();
	for (const { position } of wanted) if (chosen.size < DRAWN_MAX) chosen.add(position);
	return events.filter(({ position }) => chosen.has(position));
}

/** The nearest ones, and the root. */
function causesOf(event: RecordedEvent, events: readonly RecordedEvent[]): RecordedEvent[] {
	const byId = new Map(events.map((one) => [one.id, one]));
	const causes: RecordedEvent[] = [];
	const seen = new Set([event]);
	for (let next = causeIn(event, byId); next && !seen.has(next); next = causeIn(next, byId)) {
		seen.add(next);
		causes.push(next);
	}
	const root = causes.at(-1);
	return [...causes.slice(0, OF_A_KIND_MAX), ...(root ? [root] : [])];
}

function causeIn(
	{ metadata }: RecordedEvent,
	byId: ReadonlyMap<string, RecordedEvent>,
): RecordedEvent | undefined {
	const id = causeOf(metadata);
	return id === undefined ? undefined : byId.get(id);
}
