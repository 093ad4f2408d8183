/**
 * An event as a line of NDJSON. `data` and `metadata` are the stored bytes, spliced in, so that
 * numbers survive; what is not JSON, or would not survive on one line, stands there in Base64.
 */
import type { ReadEvent } from "../../../feeds/reader/event.ts";

/**
 * For people and scripts: everything there is to know. JSON laid out over several lines is put on
 * one.
 */
export function readLine(event: ReadEvent): string {
	const { stream, version, position, id, type, created } = event;
	const head = JSON.stringify({ stream, version, position, id, type, created }).slice(0, -1);
	const data = oneLine(jsonOf(event.data, event.isJson));
	const metadata = oneLine(jsonOf(event.metadata, true));
	return `${head}${content("data", event.data, data)}${tail(event, metadata)}`;
}

/**
 * For `varve import`: the line that appends the very same bytes again. Strings and null go in
 * Base64, since an import takes `null` for nothing, and line breaks because a line has none.
 */
export function exportLine(event: ReadEvent): string {
	const { stream, type, id } = event;
	const head = JSON.stringify({ stream, type, id }).slice(0, -1);
	const data = exact(jsonOf(event.data, event.isJson));
	const metadata = exact(jsonOf(event.metadata, true));
	const plain = data ?? (event.data.length === 0 ? "" : undefined);
	const isJson = event.isJson && plain === undefined ? ',"isJson":true' : "";
	return `${head}${isJson}${content("data", event.data, data)}${tail(event, metadata)}`;
}

function tail(event: ReadEvent, metadata: string | undefined): string {
	return `${content("metadata", event.metadata, metadata)}}\n`;
}

function content(name: string, bytes: Uint8Array, json: string | undefined): string {
	if (bytes.length === 0) return "";
	if (json !== undefined) return `,"${name}":${json}`;
	return `,"${name}Base64":"${Buffer.from(bytes).toString("base64")}"`;
}

/** The text of JSON bytes; undefined for anything else. */
function jsonOf(bytes: Uint8Array, isJson: boolean): string | undefined {
	if (!isJson || bytes.length === 0) return undefined;
	const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
	try {
		JSON.parse(text);
		return text;
	} catch {
		return undefined;
	}
}

/**
 * Within JSON a line break can only be white space between tokens: inside strings it is escaped.
 */
function oneLine(json: string | undefined): string | undefined {
	return json?.replace(/[\r\n]+/g, " ");
}

function exact(json: string | undefined): string | undefined {
	return json === undefined || /^\s*["n]|[\r\n]|^\s|\s$/.test(json) ? undefined : json;
}
