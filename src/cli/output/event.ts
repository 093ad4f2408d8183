/** An event as a line of NDJSON, on the way to standard output. */
import { exactText } from "../../../feeds/moving/encode.ts";
import { contentMember, encodeLine, jsonText } from "../../../feeds/ndjson/encode.ts";
import type { ReadEvent } from "../../../feeds/reader/event.ts";

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * For people: JSON on several lines is put on one. A line break in JSON can only be white space
 * between tokens, because inside strings it is escaped.
 */
export function readLine(event: ReadEvent): string {
	const data = event.isJson ? onOneLine(event.data) : event.data;
	return encodeLine({ ...event, data, metadata: onOneLine(event.metadata) });
}

function onOneLine(bytes: Uint8Array): Uint8Array {
	if (!bytes.includes(LINE_FEED) && !bytes.includes(CARRIAGE_RETURN)) return bytes;
	const json = jsonText(bytes, true);
	return json === undefined ? bytes : Buffer.from(json.replace(/[\r\n]+/g, " "));
}

type Exported = Pick<ReadEvent, "stream" | "type" | "id" | "isJson" | "data" | "metadata">;

/**
 * For `varve import`: the line that appends exactly the same bytes again. Strings and null are in
 * Base64, because an import takes `null` for nothing; so are line breaks, because a line has none.
 */
export function exportLine(event: Exported): string {
	const { stream, type, id } = event;
	const head = JSON.stringify({ stream, type, id }).slice(0, -1);
	const data = event.isJson ? exactText(event.data) : undefined;
	const metadata = exactText(event.metadata);
	const plain = data ?? (event.data.length === 0 ? "" : undefined);
	const isJson = event.isJson && plain === undefined ? ',"isJson":true' : "";
	return (
		`${head}${isJson}${contentMember("data", event.data, data)}` +
		`${contentMember("metadata", event.metadata, metadata)}}\n`
	);
}
