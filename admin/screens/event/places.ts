/** Where an event stands: its number in its stream, in the log, and in each index it joined. */
import { isRefusal } from "../../../src/errors.ts";
import { ALL, type RecordedEvent, type StreamName } from "../../../src/event.ts";
import { STREAMS, streamsJoined } from "../../../src/indexes/joins.ts";
import type { StreamEntry } from "../../../src/log/log.ts";
import type { Store } from "../../../src/screens.ts";
import { type Html, html, type Part } from "../../html.ts";
import { nameOf } from "../../parts/name.ts";
import { grouped } from "../../parts/numbers.ts";
import { visibleText } from "../../parts/visible.ts";
import { eventPath } from "../event-rows.ts";
import { pathHolding } from "../stream/place.ts";

export type Standing = {
	readonly stream: StreamName;
	readonly version: number;
	readonly last: number;
	/** The screens of the entries before and after it; undefined at an end. */
	readonly before: string | undefined;
	readonly after: string | undefined;
};

/** The event's own stream first. */
export async function standingsOf(store: Store, event: RecordedEvent): Promise<Standing[]> {
	const own = standing(store, event.stream, Number(event.version));
	const all = standing(store, ALL, Number(event.position));
	const joined = streamsJoined(event).filter((stream) => stream !== STREAMS);
	const found = joined.map(async (stream) => {
		const version = await versionIn(store, stream, Number(event.position));
		return version === undefined ? undefined : standing(store, stream, version);
	});
	const standings = await Promise.all([own, all, ...found].map(orHidden));
	return standings.filter((one) => one !== undefined);
}

/** A stream that was deleted shows the event nowhere; `$all` does. */
async function orHidden(found: Promise<Standing | undefined>): Promise<Standing | undefined> {
	try {
		return await found;
	} catch (error) {
		if (isRefusal(error, "stream-deleted")) return undefined;
		throw error;
	}
}

/**
 * The number of an event in an index, by a binary search: positions rise along every stream.
 * @returns undefined if the index hides it
 */
export async function versionIn(
	store: Pick<Store, "read" | "last">,
	stream: StreamName,
	position: number,
): Promise<number | undefined> {
	let low = 0;
	let high = Number(await store.last(stream));
	while (low <= high) {
		const middle = Math.floor((low + high) / 2);
		const range = { stream, from: middle, limit: 1, direction: "forward", content: false } as const;
		const { entries } = await store.read({ ...range, resolve: false });
		const at = entries[0]?.event.position;
		if (at === undefined) low = middle + 1;
		else if (Number(at) === position) return middle;
		else if (Number(at) < position) low = middle + 1;
		else high = middle - 1;
	}
	return undefined;
}

async function standing(store: Store, stream: StreamName, version: number): Promise<Standing> {
	const [last, before, after] = await Promise.all([
		store.last(stream).then(Number),
		neighbour(store, stream, version - 1, "backward"),
		neighbour(store, stream, version + 1, "forward"),
	]);
	return { stream, version, last, before, after };
}

/** The next entry that is shown in a direction. */
async function neighbour(
	store: Store,
	stream: StreamName,
	from: number,
	direction: "forward" | "backward",
): Promise<string | undefined> {
	if (from < 0) return undefined;
	const { entries } = await store.read({ stream, from, limit: 20, direction, content: false });
	const entry: StreamEntry | undefined = entries.find(({ unresolved }) => unresolved === undefined);
	return entry && eventPath(stream, entry);
}

export function placesPanel(standings: readonly Standing[]): Html {
	return html`<section class="panel" aria-labelledby="where"><header><h2 id="where">Where it is</h2></header>
<div class="body"><div class="places">${standings.map(rowOf)}</div></div></section>`;
}

function rowOf({ stream, version, last, before, after }: Standing): Html {
	const path = pathHolding(stream, version, last);
	return html`<div><a class="name" href="${path}">${nameOf(stream)}</a><span class="mono num">${grouped(version)}</span><span class="arrows">${arrow("←", `before it in ${visibleText(stream)}`, before)}${arrow("→", `after it in ${visibleText(stream)}`, after)}</span></div>`;
}

function arrow(sign: string, where: string, path: string | undefined): Part {
	if (path === undefined)
		return html`<span class="button arrow" aria-disabled="true">${sign}</span>`;
	return html`<a class="button arrow" href="${path}" aria-label="Event ${where}">${sign}</a>`;
}
