/**
 * A line of an export. `data` and `metadata` are the stored bytes, copied; bytes that one line of
 * JSON cannot carry unchanged are in Base64. Then `isJson` says whether the event is JSON.
 */
import { isUtf8 } from "node:buffer";
import { quote } from "../json/string.ts";
import { NESTING_MAX, skipValue } from "../json/text.ts";
import { contentMember, jsonText } from "../ndjson/encode.ts";
import type { LineEvent } from "./event.ts";

/**
 * @param logIncarnation the number of the history in the log, which may have no event yet
 * @returns one JSON object and a line feed
 */
export function encodeLine(event: LineEvent, logIncarnation: number): string {
	const { stream, type, id, isJson, data, metadata, version, position, created } = event;
	const text = isJson ? exactText(data) : undefined;
	const encoded = isJson && text === undefined ? ',"isJson":true' : "";
	return (
		`{"stream":${quote(stream)},"type":${quote(type)},"id":"${id}"${encoded}` +
		`${contentMember("data", data, text)}` +
		`${contentMember("metadata", metadata, exactText(metadata))}` +
		`,"version":${version},"position":${position}` +
		`,"created":"${new Date(created).toISOString()}"` +
		`${remains(event)}${histories(event, logIncarnation)}` +
		`,"hash":"${base64(event.hash)}"}\n`
	);
}

/**
 * JSON bytes as text that a line can carry unchanged, and an import takes for what it is.
 * @returns undefined for strings and null, for line breaks, and for anything that is not JSON
 */
export function exactText(bytes: Uint8Array): string | undefined {
	const json = isUtf8(bytes) ? jsonText(bytes, true) : undefined;
	if (json === undefined || /^\s*["n]|[\r\n]|^\s|\s$/.test(json)) return undefined;
	// The line is one more level around it.
	return skipValue(json, 0, NESTING_MAX - 1) === -1 ? undefined : json;
}

function remains({ mark, erased, digests, correlation }: LineEvent): string {
	return (
		(mark === undefined ? "" : `,"mark":"${mark}"`) +
		(erased === undefined ? "" : `,"erased":"${erased}"`) +
		(digests === undefined
			? ""
			: `,"dataDigest":"${base64(digests.data)}","metadataDigest":"${base64(digests.metadata)}"`) +
		(correlation === undefined ? "" : `,"correlation":${quote(correlation)}`)
	);
}

/** Most logs have one history; then no line speaks of it. */
function histories({ incarnation }: LineEvent, logIncarnation: number): string {
	return (
		(incarnation === 1 ? "" : `,"incarnation":${incarnation}`) +
		(logIncarnation === incarnation ? "" : `,"logIncarnation":${logIncarnation}`)
	);
}

function base64(bytes: Uint8Array): string {
	return Buffer.from(bytes).toString("base64");
}
