/**
 * The hues of event types. The six commonest types of the store have one, on every screen; all
 * others are grey, with their name. Which type has which hue goes by the order in which the store
 * first saw them, so that a type keeps its hue while the counts change.
 */
import type { StreamName } from "../../src/event.ts";
import type { Store } from "../../src/screens.ts";

export type Hues = ReadonlyMap<string, number>;
export type TypeCount = { readonly type: string; readonly events: number };

/** The types there are, the commonest first. */
export type Types = {
	readonly counted: readonly TypeCount[];
	/** Whether there are more than were counted. */
	readonly isCut: boolean;
	readonly hues: Hues;
};

const HUES = 6;
const PREFIX = "$et-";
/** Counting takes two look-ups each; stores have some dozens of types. */
const COUNTED_MAX = 500;
/** The counts may be so old; the numbers on a screen are of the same moment. */
const KEPT_MS = 5_000;

/** So many people look at once; for more it counts anew. */
const VISITORS_MAX = 50;

type Kept = { readonly atMs: number; readonly types: Promise<Types> };

/** Of one store, for each visitor: an ACL may keep the list of a type from some of them. */
export class TypeCounts {
	readonly #kept = new Map<string, Kept>();

	/** @param login of the visitor; "" for nobody */
	of(store: Store, login: string): Promise<Types> {
		const now = performance.now();
		const kept = this.#kept.get(login);
		if (kept && now - kept.atMs <= KEPT_MS) return kept.types;
		if (this.#kept.size >= VISITORS_MAX) this.#kept.clear();
		const types = count(store);
		this.#kept.set(login, { atMs: now, types });
		// A failure is its visitor's; the next request asks again.
		types.catch(() => this.#kept.delete(login));
		return types;
	}
}

async function count(store: Store): Promise<Types> {
	const query = { order: "name", contains: "", category: undefined, type: undefined } as const;
	const asked = { ...query, prefix: PREFIX, after: undefined, limit: COUNTED_MAX };
	const { streams, next } = await store.list(asked);
	const counted = streams
		.map(({ stream, events }) => ({ type: stream.slice(PREFIX.length), events }))
		.filter(({ events }) => events > 0)
		.sort((one, other) => other.events - one.events);
	const commonest = counted.filter(({ type }) => !type.startsWith("$")).slice(0, HUES);
	const seen = await Promise.all(commonest.map(({ type }) => firstSeen(store, type)));
	const order = commonest
		.map(({ type }, index) => ({ type, at: seen[index] ?? 0 }))
		.sort((one, other) => one.at - other.at);
	const hues = new Map(order.map(({ type }, index) => [type, index + 1]));
	return { counted, isCut: next !== undefined, hues };
}

/** The position of the first event of a type. */
async function firstSeen(store: Store, type: string): Promise<number> {
	const stream = `${PREFIX}${type}` as StreamName;
	const range = { stream, from: 0, limit: 1, direction: "forward", content: false } as const;
	const { entries } = await store.read(range);
	return Number(entries[0]?.event.position ?? 0);
}
