/**
 * The rules for the events that a client appends; no engine should know them.
 */
import { isRefusal, Refusal } from "../errors.ts";
import {
	ALL,
	AUDIT,
	EVENT_TYPE_BYTES_MAX,
	type ExpectedVersion,
	type NewEvent,
	nameFault,
	parseStreamName,
	parseUuid,
} from "../event.ts";
import { isWritable } from "../indexes/joins.ts";
import type { Append, Appended } from "../log/log.ts";
import { aclFaultOf } from "../retention/metadata.ts";
import { ACL } from "../retention/rules.ts";
import { describedStream } from "../retention/window.ts";

export type AppendLimits = {
	readonly eventsPerAppendMax: number;
	readonly eventBytesMax: number;
};

/** An event as it was found in a request: nothing of it has been checked. */
export type OfferedEvent = {
	readonly eventId: string;
	readonly eventType: string;
	readonly isJson: boolean;
	readonly data: Uint8Array;
	readonly metadata: Uint8Array;
};

/**
 * Checks the events that a client offers, and makes them an append for the log.
 * @throws Refusal `invalid-stream-name`, `stream-not-writable`, `malformed-body` (an empty batch),
 *   `invalid-event`, `malformed-metadata`, `duplicate-event-id`, `event-too-large`,
 *   `too-many-events`
 */
export function prepareAppend(
	stream: string,
	expected: ExpectedVersion,
	offered: readonly OfferedEvent[],
	limits: AppendLimits,
): Append {
	const name = parseStreamName(stream);
	if (name === ALL || name === AUDIT || !isWritable(name)) {
		throw new Refusal("stream-not-writable", { stream, attempt: "append" });
	}
	if (offered.length === 0) throw new Refusal("malformed-body", { reason: "It holds no event." });
	if (offered.length > limits.eventsPerAppendMax) {
		throw new Refusal("too-many-events", {
			events: offered.length,
			eventsMax: limits.eventsPerAppendMax,
		});
	}
	const events = offered.map((event, index) => checkEvent(event, index, limits.eventBytesMax));
	if (describedStream(name) !== undefined) refuseMalformedAcl(events);
	refuseDuplicates(events);
	return { stream: name, expected, events };
}

/**
 * Appends the events that the stream does not have yet, for clients whose source may send a batch
 * that is part old and part new. An attempt that is refused has written nothing and names the known
 * ids. An id that is known stays known, so each attempt is smaller, and the one that writes is
 * atomic. If all ids are known, it answers as to a repeat of the first event.
 * @throws Refusal as `Log.append`, except `events-known`
 */
export async function appendNew(
	append: Append,
	attempt: (append: Append) => Promise<Appended>,
): Promise<Appended> {
	try {
		return await attempt(append);
	} catch (error) {
		if (!isRefusal(error, "events-known")) throw error;
		const known = new Set(error.facts.known);
		const unknown = append.events.filter(({ id }) => !known.has(id));
		const events = unknown.length > 0 ? unknown : append.events.slice(0, 1);
		return appendNew({ ...append, events }, attempt);
	}
}

function checkEvent(offered: OfferedEvent, index: number, eventBytesMax: number): NewEvent {
	const id = parseUuid(offered.eventId);
	if (id === undefined) throw new Refusal("invalid-event", { index, ...idFault(offered.eventId) });
	const typeFault = nameFault(offered.eventType, EVENT_TYPE_BYTES_MAX);
	if (typeFault !== undefined) {
		const reason =
			offered.eventType === ""
				? "Empty eventType provided. (Parameter 'eventType')"
				: `This cannot be an event type: ${typeFault}.`;
		throw new Refusal("invalid-event", { index, field: "eventType", reason });
	}
	const bytes = offered.data.length + offered.metadata.length;
	if (bytes > eventBytesMax) throw new Refusal("event-too-large", { index, bytes, eventBytesMax });
	const { isJson, data, metadata } = offered;
	return { id, type: offered.eventType, isJson, data, metadata };
}

function idFault(text: string): { field: string; reason: string } {
	const empty = text === "" || /^[-0]*$/.test(text);
	const reason = empty
		? "Empty eventId provided. (Parameter 'eventId')"
		: `'${text.slice(0, 64)}' is not a UUID.`;
	return { field: "eventId", reason };
}

/** An ACL that counts as absent would open what its author meant to close. */
function refuseMalformedAcl(events: readonly NewEvent[]): void {
	for (const [index, { data }] of events.entries()) {
		const reason = aclFaultOf(data);
		if (reason !== undefined) throw new Refusal("malformed-metadata", { index, rule: ACL, reason });
	}
}

function refuseDuplicates(events: readonly NewEvent[]): void {
	if (events.length === 1) return;
	const seen = new Set<string>();
	for (const [index, event] of events.entries()) {
		if (seen.has(event.id)) throw new Refusal("duplicate-event-id", { eventId: event.id, index });
		seen.add(event.id);
	}
}
