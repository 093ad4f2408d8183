/** A stream from its newest event down, page by page along the `next` links. */
import { decodeFeedJson } from "../../../feeds/json/decode.ts";
import type { DecodedFeed } from "../../../feeds/model.ts";
import { atOf, eventOf, lacksData, type ReadEvent } from "../../../feeds/reader/event.ts";
import { get } from "../../../feeds/reader/exchange.ts";
import { withBodies } from "../../../feeds/reader/links.ts";
import { type ReadOptions, type Settings, settingsOf } from "../../../feeds/reader/options.ts";
import { fetchData } from "../../../feeds/reader/session.ts";
import { Failure } from "../explain.ts";

const PAGE_SIZE = 20;
const NO_DATA = new Uint8Array(0);

/**
 * Reads a stream newest first; a stream without events has none.
 * @param from number of the first event; undefined is the head
 * @throws Failure, ReadError
 */
export async function* readBackward(
	options: ReadOptions,
	from: number | undefined,
): AsyncGenerator<ReadEvent> {
	const settings = settingsOf(options);
	const signal = options.signal ?? new AbortController().signal;
	let url: string | undefined = firstPage(settings, from);
	while (url !== undefined && !signal.aborted) {
		const page = await pageAt(url, settings, signal);
		for (const entry of page?.entries ?? []) {
			const at = atOf(entry, settings.stream, url);
			if (at === undefined) continue;
			const data = lacksData(entry)
				? await fetchData(entry, settings, signal)
				: (entry.event?.data ?? NO_DATA);
			if (data !== undefined) yield eventOf(entry, at, data);
		}
		url = page?.links.find(({ relation }) => relation === "next")?.uri;
	}
}

function firstPage({ server, stream }: Settings, from: number | undefined): string {
	const start =
		stream === "$all" && from !== undefined ? boundaryAbove(from) : String(from ?? "head");
	const base = server.endsWith("/") ? server : `${server}/`;
	return `${base}streams/${encodeURIComponent(stream)}/${start}/backward/${PAGE_SIZE}`;
}

/**
 * `$all` is addressed by boundaries between events, 32 hexadecimal digits each (the same 16 twice):
 * backward from a boundary starts with the event below it.
 */
function boundaryAbove(position: number): string {
	return (position + 1).toString(16).toUpperCase().padStart(16, "0").repeat(2);
}

async function pageAt(
	url: string,
	settings: Settings,
	signal: AbortSignal,
): Promise<DecodedFeed | undefined> {
	const request = {
		url: withBodies(url),
		headers: { ...settings.headers, accept: "application/vnd.eventstore.atom+json" },
		answerMs: settings.timeoutMs,
		silenceMs: settings.timeoutMs,
		bodyBytesMax: settings.bodyBytesMax,
	};
	const reply = await get(request, settings.fetch, signal);
	if (reply.kind === "missing") return undefined;
	if (reply.kind === "ok") return decodeFeedJson(reply.body.toString());
	throw new Failure(`${url}: ${"reason" in reply ? reply.reason : reply.kind}`);
}
