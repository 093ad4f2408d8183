/**
 * The rules for lines of another store's export that no engine should know: names, ids, sizes. They
 * are those of an append, but for what depends on the client: the source has accepted the content.
 */
import { Refusal } from "../errors.ts";
import {
	EVENT_TYPE_BYTES_MAX,
	nameFault,
	parseUuid,
	STREAM_NAME_BYTES_MAX,
	type StreamName,
} from "../event.ts";
import type { MovedEvent } from "../log/moving/moves.ts";
import type { AppendLimits } from "./append.ts";

/** An event as it was found in a line: nothing of it has been checked. */
export type OfferedLine = Omit<MovedEvent, "stream"> & { readonly stream: string };

/** The last moment that RFC 3339 can write: 9999-12-31T23:59:59.999Z. */
const CREATED_MAX = 253_402_300_799_999;
/** Numbers of histories are seconds since 1970, or smaller; those that follow have to find room. */
export const INCARNATION_MAX = 1e12;

/** @throws Refusal `invalid-line`, `event-too-large`, `too-many-events` */
export function prepareImport(
	offered: readonly OfferedLine[],
	{ eventsPerAppendMax, eventBytesMax }: AppendLimits,
): MovedEvent[] {
	const events = offered.length;
	if (events > eventsPerAppendMax) {
		throw new Refusal("too-many-events", { events, eventsMax: eventsPerAppendMax });
	}
	return offered.map((line, index) => {
		const bytes = line.data.length + line.metadata.length;
		if (bytes > eventBytesMax)
			throw new Refusal("event-too-large", { index, bytes, eventBytesMax });
		const reason = faultOf(line);
		if (reason !== undefined) throw new Refusal("invalid-line", { line: index + 1, reason });
		return { ...line, stream: line.stream as StreamName };
	});
}

function faultOf({ stream, type, id, created, incarnation }: OfferedLine): string | undefined {
	const streamFault =
		stream === "." || stream === ".."
			? "it is a step in a path"
			: nameFault(stream, STREAM_NAME_BYTES_MAX);
	if (streamFault !== undefined) return `stream cannot be a name: ${streamFault}`;
	const typeFault = nameFault(type, EVENT_TYPE_BYTES_MAX);
	if (typeFault !== undefined) return `type cannot be one: ${typeFault}`;
	if (parseUuid(id) !== id) return "id is not a UUID in lower case with dashes";
	if (created > CREATED_MAX) return "created is after the year 9999";
	if (incarnation >= 1 && incarnation <= INCARNATION_MAX) return undefined;
	return `incarnation is not a number from 1 to ${INCARNATION_MAX}`;
}
