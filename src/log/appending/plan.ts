/**
 * What an append or a delete writes: decided once, for every engine.
 *
 *     plan      is it refused, a repeat, or written?      `expectation.ts`
 *     writes    which events go to which stream           here, made by `deletion.ts`
 *     marks     what they change besides growth           `marks.ts`
 *
 * An engine fetches the facts in the transaction it writes in, so that they still hold when it
 * commits. It gives positions and versions to the events of `writes` in their order.
 */
import { Refusal } from "../../errors.ts";
import type { ExpectedVersion, NewEvent, StreamName, Version } from "../../event.ts";
import { isDeletable, isWritable } from "../../indexes/joins.ts";
import { describedStream, metadataStream } from "../../retention/window.ts";
import { revival, softDeletion, tombstone } from "./deletion.ts";
import { judge, judgeDelete } from "./expectation.ts";
import { type Facts, isHidden } from "./facts.ts";

export type Plan = Repeat | WritePlan;

/** The batch is there already: it is answered as it was the first time. */
export type Repeat = {
	readonly repeated: true;
	/** Version of the first event of the batch. */
	readonly first: Version;
	/** Version of the last event of the batch; its position is what is answered. */
	readonly final: Version;
};

export type WritePlan = {
	readonly repeated: false;
	readonly writes: readonly PlannedWrite[];
	/** Which of `writes` is answered: the version of its first event, the position of its last. */
	readonly answered: number;
};

/** Events that go to the end of one stream. */
export type PlannedWrite = {
	readonly stream: StreamName;
	/** The event the log itself makes; undefined stands for the events of the client. */
	readonly made: NewEvent | undefined;
	/** What is noted with the first of them: it brought the stream back, or it is the end of it. */
	readonly mark: "revival" | "tombstone" | undefined;
};

type PlannedAppend = {
	readonly stream: StreamName;
	readonly expected: ExpectedVersion;
	/** At least one. */
	readonly events: readonly { readonly data: Uint8Array }[];
};

type PlannedDeletion = {
	readonly stream: StreamName;
	readonly expected: ExpectedVersion;
	readonly hard: boolean;
};

/**
 * Plans an append. A stream that was deleted softly comes back: by its events, or by metadata that
 * a client writes for it.
 * @throws Refusal `stream-not-writable`, `wrong-expected-version`, `events-known`,
 *   `stream-deleted`
 */
export function planAppend(append: PlannedAppend, facts: Facts): Plan {
	const { stream, expected, events } = append;
	if (!isWritable(stream)) throw new Refusal("stream-not-writable", { stream });
	const judgement = judge({ stream, expected, count: events.length }, facts);
	if (!judgement.write) {
		return { repeated: true, first: judgement.first, final: judgement.final };
	}
	if (facts.lifecycleOf(stream) === "soft-deleted") {
		const metadata = revival(stream, facts.metadataOf(stream), judgement.first);
		const revived: PlannedWrite = { stream, made: undefined, mark: "revival" };
		return {
			repeated: false,
			writes: [madeFor(metadataStream(stream), metadata), revived],
			answered: 1,
		};
	}
	const batch: PlannedWrite = { stream, made: undefined, mark: undefined };
	const undeletion = undeletionAfter(append, facts);
	return { repeated: false, writes: undeletion ? [batch, undeletion] : [batch], answered: 0 };
}

/**
 * Plans a delete: metadata that hides all events of the stream, or a tombstone.
 * @throws Refusal `stream-not-writable`, `wrong-expected-version`, `stream-deleted`
 */
export function planDelete({ stream, expected, hard }: PlannedDeletion, facts: Facts): Plan {
	if (!isDeletable(stream)) throw new Refusal("stream-not-writable", { stream });
	judgeDelete({ stream, expected }, facts);
	const write: PlannedWrite = hard
		? { stream, made: tombstone(stream, facts.lastOf(stream) + 1), mark: "tombstone" }
		: madeFor(metadataStream(stream), softDeletion(stream, facts.metadataOf(stream)));
	return { repeated: false, writes: [write], answered: 0 };
}

/**
 * Metadata that a client writes for a stream that was deleted softly undoes the delete, unless it
 * is one itself: metadata that hides only what was deleted follows it.
 */
function undeletionAfter(
	{ stream, events }: PlannedAppend,
	facts: Facts,
): PlannedWrite | undefined {
	const described = describedStream(stream);
	if (described === undefined || facts.lifecycleOf(described) !== "soft-deleted") return undefined;
	const written = { last: facts.lastOf(stream) + events.length, data: events.at(-1)?.data };
	if (isHidden(described, written.data)) return undefined;
	return madeFor(stream, revival(described, written, facts.lastOf(described) + 1));
}

function madeFor(stream: StreamName, made: NewEvent): PlannedWrite {
	return { stream, made, mark: undefined };
}
