/**
 * The log as one principal may read it.
 *
 *     $all, index streams   the entries of events that it may not read are left out
 *     other streams         a link to such an event shows nothing of it (departure 13)
 *
 * Numbers stay as they are: `last` is the stream's own, and versions have no others in their place.
 * Rights are looked up behind the read. All of a slice was committed before, and the ACLs in memory
 * are at least as new as what a read shows; so nobody reads what came after their right was taken.
 */
import { Refusal } from "../errors.ts";
import { ALL, type StreamName, type Version } from "../event.ts";
import { isIndexStream } from "../indexes/joins.ts";
import { LINK_TYPE, targetOf } from "../indexes/links.ts";
import type { LogReads, Range, Slice, StreamEntry, Withheld } from "../log/log.ts";

/** The rights of one principal to read streams. */
export interface ReadRights {
	/** @throws Refusal `unauthorized` if it may not */
	permit(stream: StreamName): void | Promise<void>;
	may(stream: StreamName): boolean | Promise<boolean>;
}

export class PermittedReads implements LogReads {
	readonly #log: LogReads;
	readonly #rights: ReadRights;

	/** As `Access.readsFor` makes it. */
	constructor(log: LogReads, rights: ReadRights) {
		this.#log = log;
		this.#rights = rights;
	}

	/** @throws Refusal `unauthorized`, and as the log */
	async read(range: Range): Promise<Slice> {
		const before = this.#rights.permit(range.stream);
		if (before) await before;
		const slice = await this.#log.read(range);
		const behind = this.#rights.permit(range.stream);
		if (behind) await behind;
		const deciding = slice.entries.map((entry) => decidingOn(range.stream, entry));
		if (deciding.every((one) => one === OWN)) return slice;
		const verdicts = await verdictsOn(deciding, (one) => this.#rights.may(one));
		return permitted(slice, deciding, (stream) => verdicts.get(stream) ?? false);
	}

	/** @throws Refusal `unauthorized`, and as the log */
	async last(stream: StreamName): Promise<Version> {
		await this.#rights.permit(stream);
		return this.#log.last(stream);
	}

	/** @throws Refusal `unauthorized`, and as the log */
	async locate(stream: StreamName, id: string): Promise<Version | undefined> {
		await this.#rights.permit(stream);
		const at = await this.#log.locate(stream, id);
		if (at === undefined) return undefined;
		const range = { stream, from: at, limit: 1, direction: "forward", content: false } as const;
		const { withheld } = await this.read(range);
		return withheld === undefined ? at : undefined;
	}
}

/** The log as somebody reads it who may read all of it, as long as their credentials hold. */
export class ReadsWhile implements LogReads {
	readonly #log: LogReads;
	readonly #holds: () => boolean;

	constructor(log: LogReads, holds: () => boolean) {
		this.#log = log;
		this.#holds = holds;
	}

	/** @throws Refusal `unauthorized`, and as the log */
	async read(range: Range): Promise<Slice> {
		const slice = await this.#log.read(range);
		// Behind the read: it may have waited while they were taken away.
		this.#check();
		return slice;
	}

	/** @throws Refusal `unauthorized`, and as the log */
	last(stream: StreamName): Promise<Version> {
		this.#check();
		return this.#log.last(stream);
	}

	/** @throws Refusal `unauthorized`, and as the log */
	locate(stream: StreamName, id: string): Promise<Version | undefined> {
		this.#check();
		return this.#log.locate(stream, id);
	}

	#check(): void {
		if (!this.#holds()) throw new Refusal("unauthorized", { cause: "credentials" });
	}
}

/** The streams whose ACLs decide on an entry, besides that of the stream that was read. */
export type Deciding = {
	/** Of the entry itself; undefined if it is in its own stream. */
	readonly entry: StreamName | undefined;
	/** Of the event that a link shows. */
	readonly targets: readonly StreamName[];
};

const NO_TARGETS: readonly StreamName[] = [];
const OWN: Deciding = { entry: undefined, targets: NO_TARGETS };

/** @param read the stream that was read */
export function decidingOn(read: StreamName, entry: StreamEntry): Deciding {
	const { event, link, unresolved, leadsTo } = entry;
	const isIndex = isIndexStream(read);
	if (!isIndex && read !== ALL && link === undefined) return OWN;
	const own = isIndex ? (leadsTo ?? unresolved?.stream ?? event.stream) : (link ?? event).stream;
	return {
		entry: isIndex || read === ALL ? own : undefined,
		targets: link === undefined ? NO_TARGETS : targetsIn(event),
	};
}

/** Asks once for each stream. */
export async function verdictsOn(
	deciding: readonly Deciding[],
	ask: (stream: StreamName) => boolean | Promise<boolean>,
): Promise<ReadonlyMap<string, boolean>> {
	const verdicts = new Map<string, boolean>();
	const waits: Promise<unknown>[] = [];
	for (const { entry, targets } of deciding) {
		for (const stream of entry === undefined ? targets : [entry, ...targets]) {
			if (verdicts.has(stream)) continue;
			const verdict = ask(stream);
			verdicts.set(stream, verdict === true);
			if (typeof verdict === "boolean") continue;
			waits.push(verdict.then((later) => verdicts.set(stream, later)));
		}
	}
	if (waits.length > 0) await Promise.all(waits);
	return verdicts;
}

function permitted(
	slice: Slice,
	deciding: readonly Deciding[],
	may: (stream: StreamName) => boolean,
): Slice {
	const entries: StreamEntry[] = [];
	const withheld: Withheld[] = [];
	slice.entries.forEach((found, index) => {
		const { version } = found;
		const { entry, targets } = deciding[index] ?? OWN;
		if (entry !== undefined && !may(entry)) {
			withheld.push({ version, stream: entry });
			return;
		}
		const closed = targets.find((stream) => !may(stream));
		if (closed !== undefined) withheld.push({ version, stream: closed });
		entries.push(closed === undefined ? found : unresolvedOf(found));
	});
	return withheld.length === 0 ? slice : { ...slice, entries, withheld };
}

/** A link to an entry of an index stream shows a link, whose data names another stream. */
function targetsIn(event: StreamEntry["event"]): readonly StreamName[] {
	const isLink = event.type === LINK_TYPE && isIndexStream(event.stream);
	const further = isLink ? targetOf(event.data) : undefined;
	return further === undefined ? [event.stream] : [event.stream, further.stream];
}

function unresolvedOf({ version, event, link }: StreamEntry): StreamEntry {
	const { stream, version: at } = event;
	return { version, event: link ?? event, unresolved: { stream, version: at } };
}
