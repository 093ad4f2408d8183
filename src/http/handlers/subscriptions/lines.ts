/** Messages as lines of JSON. The data of their events is copied, as on a page of lines. */
import { asBuffer, PageContent } from "../../../../feeds/lines/content.ts";
import { Lines, writeContent } from "../../../../feeds/lines/lines.ts";
import { jsonText } from "../../../../feeds/ndjson/encode.ts";
import { composeLine } from "../../../pages/entry.ts";
import type { DeliveredEntry } from "../../../subscriptions/source.ts";
import { type Shower, streamOf, tokenOf } from "./message.ts";

/** What stands before and behind each message. */
export type Frame = { readonly before: string; readonly after: string };

export const LINE: Frame = { before: "", after: "\n" };
export const SERVER_SENT_EVENT: Frame = { before: "data: ", after: "\n\n" };

const SPACE = 0x20;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export function linesOf(
	shower: Shower,
	taken: readonly DeliveredEntry[],
	{ before, after }: Frame,
): Uint8Array {
	const content = new PageContent(taken.map(({ entry }) => entry));
	const lines = new Lines();
	for (const delivered of taken) {
		const { id, retryCount, number } = delivered.message;
		lines.text(
			`${before}{"id":"${id}","token":"${tokenOf(shower.subscription, delivered.message)}"` +
				`,"retryCount":${retryCount},"number":${number},"event":`,
		);
		writeEvent(lines, shower, delivered, content);
		lines.text(`}${after}`);
	}
	return lines.whole();
}

/** The event as in NDJSON; `null` if its consumer may not read it. */
function writeEvent(
	lines: Lines,
	{ subscription, mayRead }: Shower,
	delivered: DeliveredEntry,
	content: PageContent,
): void {
	const { message, entry } = delivered;
	if (entry.unresolved !== undefined || !mayRead(delivered)) {
		lines.text("null");
		return;
	}
	const [event, at] = composeLine(streamOf(subscription, message), entry);
	const { data, metadata, isJson } = event;
	lines.text(
		`{"stream":${lines.name(event.stream)},"version":${event.version}` +
			`${at === undefined ? "" : `,"at":${at}`},"position":${event.position}` +
			`,"id":"${event.id}","type":${lines.name(event.type)},"created":"${event.created}"`,
	);
	// With metadata, `isJson` may be said of that alone.
	const isSure = isJson && metadata.length === 0;
	write(lines, "data", data, isJson && (content.fits(data, isSure) ? "as it is" : "unbroken"));
	write(lines, "metadata", metadata, content.fits(metadata, false) ? "as it is" : "unbroken");
	lines.text("}");
}

/** @param how false for bytes that are no JSON */
function write(
	lines: Lines,
	name: string,
	bytes: Uint8Array,
	how: "as it is" | "unbroken" | false,
): void {
	const isBroken = how === "unbroken" && jsonText(bytes, true) !== undefined;
	writeContent(lines, name, isBroken ? unbroken(bytes) : bytes, how === "as it is" || isBroken);
}

/** Line breaks within JSON may stand between its values, where spaces may. */
function unbroken(bytes: Uint8Array): Uint8Array {
	return asBuffer(bytes).map((byte) => {
		return byte === LINE_FEED || byte === CARRIAGE_RETURN ? SPACE : byte;
	});
}
