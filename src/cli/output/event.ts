/** An event as a line of NDJSON, on the way to standard output. */
import { contentMember, jsonText } from "../../../feeds/ndjson/encode.ts";
import type { ReadEvent } from "../../../feeds/reader/event.ts";

export { encodeLine as readLine } from "../../../feeds/ndjson/encode.ts";

/**
 * For `varve import`: the line that appends exactly the same bytes again. Strings and null are in
 * Base64, because an import takes `null` for nothing; so are line breaks, because a line has none.
 */
export function exportLine(event: ReadEvent): string {
	const { stream, type, id } = event;
	const head = JSON.stringify({ stream, type, id }).slice(0, -1);
	const data = exact(jsonText(event.data, event.isJson));
	const metadata = exact(jsonText(event.metadata, true));
	const plain = data ?? (event.data.length === 0 ? "" : undefined);
	const isJson = event.isJson && plain === undefined ? ',"isJson":true' : "";
	return (
		`${head}${isJson}${contentMember("data", event.data, data)}` +
		`${contentMember("metadata", event.metadata, metadata)}}\n`
	);
}

function exact(json: string | undefined): string | undefined {
	return json === undefined || /^\s*["n]|[\r\n]|^\s|\s$/.test(json) ? undefined : json;
}
