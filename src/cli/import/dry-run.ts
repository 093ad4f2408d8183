/**
 * What a dry run refuses besides malformed lines: what a server would refuse whatever it holds. It
 * applies the server's own rules, with the limits that a server has by default. It cannot know what
 * depends on the server: streams that were deleted for ever, and lower limits.
 */
import { BodyFormatError } from "../../../feeds/errors.ts";
import { checkJson, decodeEventBatch } from "../../../feeds/events/decode.ts";
import { type OfferedEvent, prepareAppend } from "../../commands/append.ts";
import { OPTIONS } from "../../config.ts";
import { problemDetail } from "../../http/answering/problems.ts";
import { type Item, lineFailure } from "./event.ts";

const EMPTY = new Uint8Array(0);
const LIMITS = {
	eventsPerAppendMax: defaultOf("eventsPerAppendMax"),
	eventBytesMax: defaultOf("eventBytesMax"),
};
const BODY_BYTES_MAX = defaultOf("bodyBytesMax");

/** @throws Failure that names the line */
export function refuseAsServer(stream: string, item: Item): void {
	// In a batch, brackets stand around it.
	const bodyBytes = item.body.length + (item.headers === undefined ? 2 : 0);
	if (bodyBytes > BODY_BYTES_MAX)
		throw lineFailure(
			item.line,
			`it makes a request of ${bodyBytes} bytes; the limit is ${BODY_BYTES_MAX}`,
		);
	try {
		prepareAppend(stream, "any", offeredIn(item), LIMITS);
	} catch (error) {
		if (error instanceof BodyFormatError) throw lineFailure(item.line, error.reason);
		const detail = problemDetail(error);
		throw detail === undefined ? error : lineFailure(item.line, detail);
	}
}

function offeredIn({ body, headers }: Item): readonly OfferedEvent[] {
	if (headers === undefined) return decodeEventBatch(Buffer.from(`[${body}]`, "latin1"));
	const data = Buffer.from(body, "latin1");
	const isJson = headers.includes("Content-Type: application/json\r\n");
	if (isJson) checkJson(data);
	return [
		{
			eventId: headerIn(headers, "ES-EventId"),
			eventType: headerIn(headers, "ES-EventType"),
			isJson,
			data,
			metadata: EMPTY,
		},
	];
}

/** The headers of an item are latin1, one character for each byte. */
function headerIn(headers: string, name: string): string {
	const value = new RegExp(`^${name}: (.*)\\r$`, "m").exec(headers)?.[1] ?? "";
	return Buffer.from(value, "latin1").toString("utf8");
}

function defaultOf(name: string): number {
	return Number(OPTIONS.find((option) => option.name === name)?.default);
}
