/**
 * The view of a log that an engine gives to be verified, and the report of faults.
 *
 * The rules visit millions of events and entries, so a visit waits for nothing. An engine behind a
 * network fetches some, visits them, and fetches the next; the rules wait once for a whole pass.
 */
import type { LeafHead } from "../../../feeds/proof/leaf.ts";
import type { Span } from "./sums.ts";

export interface LogView {
	/**
	 * How many events there are: at least those of all entries visited so far. It is asked during a
	 * visit, so an engine that has to fetch it does so with each batch of entries.
	 */
	size(): number;
	/** Visits events `from` up to `to`, `to` not included, by position; missing ones are left out. */
	events(from: number, to: number, visitor: EventVisitor): void | Promise<void>;
	/**
	 * Visits each entry of each stream but `$all`, stream by stream, each by version. An engine that
	 * finds ids by `idKeyOf` also visits those of a stream, before its entries.
	 */
	entries(visit: Visit): void | Promise<void>;
	/**
	 * The key, below 0, by which a stream of the engine finds an event's id; absent if the engine has
	 * no such keys.
	 */
	readonly idKeyOf?: ((id: Uint8Array) => number) | undefined;
	/** The positions of events whose metadata was erased, and with it their correlation. */
	unproven(): Iterable<number> | Promise<Iterable<number>>;
	/**
	 * The hashes of the tree that can be read; absent if an engine keeps none. They are asked for
	 * during a visit: the nodes are few, so an engine may fetch them all before.
	 */
	readonly hashes?: Hashes;
	/** The faults that the engine's own checks find in a part of its data. */
	faults(part: Part): readonly string[] | Promise<readonly string[]>;
}

/** The files as such, and the notes in them beside events and entries. */
export type Part = (typeof PARTS)[number];
export const PARTS = ["files", "notes"] as const;

/**
 * Hashes `from` up to `to` of a level of the tree, `to` not included; fewer if some are missing.
 * Those of level 0 are the leaf hashes of the events.
 */
export type Hashes = (level: number, from: number, to: number) => readonly Uint8Array[];

/** An event as it is stored: whatever the damage, every field has its type. */
export type StoredEvent = LeafHead & {
	readonly data: Uint8Array;
	readonly metadata: Uint8Array;
	/** The leaf hash; absent if an engine keeps none. */
	readonly hash?: Uint8Array | undefined;
	/** Whether it says that its data, and maybe its metadata, were erased. */
	readonly isErased: boolean;
	/** Whether it says that a scavenge erased both. */
	readonly isScavenged?: boolean;
	/** The SHA-256 digests of its content, if some of it was erased. */
	readonly digests?: { readonly data: Uint8Array; readonly metadata: Uint8Array } | undefined;
};

export type EventVisitor = {
	readonly visit: (event: StoredEvent) => void;
	/** Hears of a span that cannot be read, before the events after it. */
	readonly onUnreadable: OnUnreadable;
};

export type OnUnreadable = (span: Span, reason: string) => void;

/**
 * @param stream the same object for all entries of a stream
 * @param version or the key of an id, which is below 0
 */
export type Visit = (stream: VisitedStream, version: number, position: number) => void;

export type VisitedStream = { readonly name: string };

export type Report = (fault: string) => void;

/** Enough to see what is wrong; a broken disk could name millions. */
export const FAULTS_MAX = 100;

/** Collects faults, as many as there is room for. */
export function createReport(): { readonly faults: string[]; readonly report: Report } {
	const faults: string[] = [];
	return {
		faults,
		report: (fault) => {
			if (faults.length < FAULTS_MAX) faults.push(fault);
		},
	};
}

/** Reports the error that stops `work` midway: on a damaged file it is a finding, too. */
export async function reporting(
	report: Report,
	what: string,
	work: () => Promise<void>,
): Promise<void> {
	try {
		await work();
	} catch (error) {
		report(`${what}: reading stopped: ${error instanceof Error ? error.message : String(error)}`);
	}
}
