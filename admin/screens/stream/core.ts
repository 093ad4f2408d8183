/** What the core of a stream shows: a layer for each event, or for a run of them. */
import { setImmediate } from "node:timers/promises";
import { ALL, type StreamName } from "../../../src/event.ts";
import type { StreamEntry } from "../../../src/log/log.ts";
import type { Store } from "../../../src/screens.ts";
import type { Core } from "../../parts/strip.ts";

/** Read at once; a longer stream has a layer for a run of events, of the commonest type of them. */
const LAYERS_MAX = 400;
const LAYERS = 80;
/** All of them in a stream of 4,000 events; some 10 ms for all layers. */
const READ_A_LAYER = 50;

export type TypesOf = {
	readonly core: Omit<Core, "shownFrom" | "shownTo">;
	/** How many events of each type, the commonest first; only if all were read. */
	readonly counts: readonly (readonly [type: string, events: number])[] | undefined;
};

export async function typesOf(store: Store, stream: StreamName, last: number): Promise<TypesOf> {
	const head = { stream, from: "head", direction: "backward", content: false } as const;
	if (last < LAYERS_MAX && stream !== ALL) {
		const { entries } = await store.read({ ...head, limit: LAYERS_MAX });
		const types = entries.map(({ event }) => event.type);
		return { core: { types, last, eventsPerLayer: 1 }, counts: countsOf(entries) };
	}
	const eventsPerLayer = (last + 1) / LAYERS;
	const types: string[] = [];
	for (let layer = 0; layer < LAYERS; layer++) {
		const high = Math.floor(last - layer * eventsPerLayer);
		types.push(await commonestIn(store, stream, high, Math.ceil(eventsPerLayer)));
		// Others have their turn.
		if (layer % 10 === 9) await setImmediate();
	}
	return { core: { types, last, eventsPerLayer }, counts: undefined };
}

/** The commonest type of a layer, by the events in its middle if it has many; "" of none. */
async function commonestIn(
	store: Store,
	stream: StreamName,
	high: number,
	events: number,
): Promise<string> {
	const limit = Math.min(events, READ_A_LAYER);
	const from = Math.max(0, high - Math.floor((events - limit) / 2));
	const range = { stream, from, limit, direction: "backward", content: false } as const;
	const { entries } = await store.read(range);
	return countsOf(entries)[0]?.[0] ?? "";
}

/** The commonest first. */
function countsOf(entries: readonly StreamEntry[]): [type: string, events: number][] {
	const counts = new Map<string, number>();
	for (const { event } of entries) counts.set(event.type, (counts.get(event.type) ?? 0) + 1);
	return [...counts].sort(([, one], [, other]) => other - one);
}

/** The layers that rows cover, counted from the newest. */
export function shownLayers(
	{ eventsPerLayer }: Omit<Core, "shownFrom" | "shownTo">,
	entries: readonly StreamEntry[],
	last: number,
): Pick<Core, "shownFrom" | "shownTo"> {
	const versions = entries.map(({ version }) => Number(version));
	if (versions.length === 0) return { shownFrom: 0, shownTo: 0 };
	const [high, low] = [Math.max(...versions), Math.min(...versions)];
	return { shownFrom: (last - high) / eventsPerLayer, shownTo: (last - low + 1) / eventsPerLayer };
}
