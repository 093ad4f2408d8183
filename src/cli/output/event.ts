/** An event as a line of NDJSON, on the way to standard output. */
import { exactText } from "../../../feeds/moving/encode.ts";
import { contentMember } from "../../../feeds/ndjson/encode.ts";
import type { ReadEvent } from "../../../feeds/reader/event.ts";

export { encodeLine as readLine } from "../../../feeds/ndjson/encode.ts";

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
