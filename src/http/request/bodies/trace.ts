/**
 * The `traceparent` of a request (W3C Trace Context), kept with the events that it appends. Bytes
 * that a client sent stay as they are, so only an event without metadata gets it.
 */
import type { IncomingMessage } from "node:http";
import type { OfferedEvent } from "../../../commands/append.ts";

const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;

/**
 * @param eventBytesMax an event that would become larger stays without it
 * @returns the same events if the request has no `traceparent`, or one that is not valid
 */
export function withTraceparent(
	{ headers }: IncomingMessage,
	events: OfferedEvent[],
	eventBytesMax: number,
): OfferedEvent[] {
	const { traceparent } = headers;
	if (typeof traceparent !== "string" || !TRACEPARENT.test(traceparent)) return events;
	const metadata = Buffer.from(JSON.stringify({ traceparent }));
	const dataBytesMax = eventBytesMax - metadata.length;
	return events.map((event) => {
		const isFree = event.metadata.length === 0 && event.data.length <= dataBytesMax;
		return isFree ? { ...event, metadata } : event;
	});
}
