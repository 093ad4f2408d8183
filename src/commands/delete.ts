/**
 * What a client may delete.
 */
import { Refusal } from "../errors.ts";
import { AUDIT, type ExpectedVersion, parseStreamName, type StreamName } from "../event.ts";
import { isDeletable } from "../indexes/joins.ts";
import type { Deletion } from "../log/log.ts";
import { describedStream } from "../retention/window.ts";

/** @throws Refusal `invalid-stream-name`, `stream-not-writable` */
export function prepareDelete(stream: string, expected: ExpectedVersion, hard: boolean): Deletion {
	const name = describableStream(stream);
	if (name === AUDIT || !isDeletable(name, hard)) {
		throw new Refusal("stream-not-writable", { stream, attempt: "delete" });
	}
	return { stream: name, expected, hard };
}

/**
 * The name of a stream that may have metadata: one that holds none itself.
 * @throws Refusal `invalid-stream-name`
 */
export function describableStream(stream: string): StreamName {
	const name = parseStreamName(stream);
	if (describedStream(name) === undefined) return name;
	const reason = "Stream must be non-empty string and should not be metastream";
	throw new Refusal("invalid-stream-name", { stream: stream.slice(0, 128), reason });
}
