/**
 * Which events may be redacted: a pure decision, so that all engines refuse the same.
 *
 * The log and its readers rely on the content of tombstones, links and metadata of streams, so
 * these cannot be redacted. All of them have a type that begins with `$`. So do the events of
 * users; those may be redacted, except the newest. A client redacts an event in its own stream, not
 * in an index stream: the link there would not change.
 */
import { Refusal } from "../errors.ts";
import { ALL, type StreamName, type Version } from "../event.ts";
import { isIndexStream } from "../indexes/joins.ts";
import { LINK_TYPE } from "../indexes/links.ts";
import { describedStream } from "../retention/window.ts";
import type { Redaction } from "./commit.ts";

export type RedactionFacts = {
	/** The last version of the stream; -1 if it has no events. */
	readonly last: Version;
	/** Undefined if the stream has no event at that version. */
	readonly event: RedactedEvent | undefined;
};

type RedactedEvent = {
	readonly type: string;
	/** Whether its data was erased before, by a redaction or a scavenge. */
	readonly isErased: boolean;
	/** What is left of its metadata. */
	readonly metadataBytes: number;
};

/**
 * Whether there is anything to erase: a redaction may be repeated.
 * @throws Refusal `event-not-redactable`, `stream-not-found`, `event-not-found`
 */
export function isRedactionDue(redaction: Redaction, { last, event }: RedactionFacts): boolean {
	const { stream, version, metadata } = redaction;
	refuseReadOnly(stream, version);
	if (last < 0) throw new Refusal("stream-not-found", { stream });
	if (!event) throw new Refusal("event-not-found", { stream, eventNumber: version });
	if (!isOfUser(stream, event.type) || version === last) {
		refuseRelied(stream, version, event.type);
	}
	return !event.isErased || (metadata && event.metadataBytes > 0);
}

/**
 * Whether an event can be one of a user, which holds the hash of a password. It is redacted once a
 * newer one has taken its place.
 */
export function isOfUser(stream: string, type: string): boolean {
	return stream.startsWith("$user-") && /^\$User(?:Created|Updated)$/.test(type);
}

function refuseReadOnly(stream: StreamName, version: Version): void {
	if (stream === ALL || isIndexStream(stream)) {
		const reason =
			"this stream lists events of other streams; name the stream that the event was appended to, " +
			"and its version there, such as event 0 of order-42";
		throw notRedactable(stream, version, reason);
	}
	if (describedStream(stream) !== undefined) {
		throw notRedactable(stream, version, "the server relies on the metadata of a stream");
	}
}

function refuseRelied(stream: StreamName, version: Version, type: string): void {
	if (type === LINK_TYPE) {
		const reason = "it is a link; redact the event that it leads to, in that event's own stream";
		throw notRedactable(stream, version, reason);
	}
	if (type.startsWith("$")) {
		throw notRedactable(stream, version, `the server relies on events of type ${type}`);
	}
}

function notRedactable(stream: StreamName, eventNumber: Version, reason: string): Refusal {
	return new Refusal("event-not-redactable", { stream, eventNumber, reason });
}
