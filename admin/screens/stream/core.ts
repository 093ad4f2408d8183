/** What the core of a stream shows: a layer for each event, or for a run of them. */
import { ALL, type StreamName } from "../../../src/event.ts";
import type { StreamEntry } from "../../../src/log/log.ts";
import type { Store } from "../../../src/screens.ts";
import type { Core } from "../../parts/strip.ts";

/** Read at once; a longer stream has a layer for a run of events, of the type in its middle. */
const LAYERS_MAX = 400;
const SAMPLES = 80;

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
		const counts = new Map<string, number>();
		for (const type of types) counts.set(type, (counts.get(type) ?? 0) + 1);
		return {
			core: { types, last, eventsPerLayer: 1 },
			counts: [...counts].sort(([, one], [, other]) => other - one),
		};
	}
	const eventsPerLayer = (last + 1) / SAMPLES;
	const middles = Array.from({ length: SAMPLES }, (_, at) =>
		Math.max(0, Math.floor(last - (at + 0.5) * eventsPerLayer)),
	);
	const types: string[] = [];
	for (const from of middles) {
		const { entries } = await store.read({ ...head, from, limit: 1 });
		types.push(entries[0]?.event.type ?? "");
	}
	return { core: { types, last, eventsPerLayer }, counts: undefined };
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
