/** `varve streams`: the names of the streams that have events. */

import type { DecodedEntry, DecodedFeed } from "../../../feeds/model.ts";
import type { ReaderSettings } from "../../../feeds/reader/options.ts";
import { standardStream } from "../../observe/standard.ts";
import type { Arguments, Values } from "../../options.ts";
import { Failure } from "../explain.ts";
import { Printer } from "../output/printer.ts";
import { RETRIES_MAX } from "../read.ts";
import { FirstAnswer } from "../reading/first-answer.ts";
import { columnsOf, paintFor } from "../terminal/paint.ts";
import { CLIENT_OPTIONS, credentials, EXIT, text, type Verb } from "../verb.ts";

/** The stream that lists all others: an entry for the first event of each. */
const STREAMS = "$streams";
const PAGE_SIZE = 500;
const SMALL_PAGE = 20;

export const streams: Verb = {
	name: "streams",
	summary: "List the streams",
	operands: ["[PREFIX]"],
	purpose: `Prints the names of the streams that have events, one a line, in the order in which they
		began. On a terminal it is a table in the order of the names, with events, size, last change
		and type of the newest event; it has colours unless NO_COLOR is set. With PREFIX, it prints
		only streams whose name starts with it. It leaves out deleted streams, metadata streams
		($$order-42) and index streams ($ce-order). In a pipe it reads $streams.`,
	options: [...CLIENT_OPTIONS],
	examples: ["varve streams", "varve streams order-", "varve streams | wc -l"],
	run,
};

async function run({ operands: [prefix = ""], values }: Arguments): Promise<number> {
	const output = standardStream(1);
	const printer = new Printer(output);
	if (output.isTTY) return printTable(printer, values, prefix);
	const settings = await settingsFrom(values, printer.signal);
	try {
		for await (const name of namesOf(settings, prefix, printer)) await printer.print(`${name}\n`);
	} catch (error) {
		// Nobody reads on.
		if (!printer.signal.aborted) throw error;
	}
	await printer.flushed();
	return EXIT.done;
}

async function printTable(printer: Printer, values: Values, prefix: string): Promise<number> {
	const { rowsOf, StreamTable } = await import("../terminal/stream-table.ts");
	const table = new StreamTable(columnsOf, paintFor(process.env));
	for await (const row of rowsOf(values, prefix)) {
		if (printer.signal.aborted) break;
		await printer.print(table.of(row));
	}
	await printer.flushed();
	return EXIT.done;
}

async function settingsFrom(values: Values, signal: AbortSignal): Promise<ReaderSettings> {
	const { settingsOf } = await import("../../../feeds/reader/options.ts");
	const { fetch, onRetry } = new FirstAnswer(text(values, "url"), false);
	return settingsOf({
		url: text(values, "url"),
		stream: STREAMS,
		headers: credentials(values),
		retriesMax: RETRIES_MAX,
		signal,
		fetch,
		onRetry,
	});
}

async function* namesOf(
	settings: ReaderSettings,
	prefix: string,
	{ signal }: Printer,
): AsyncGenerator<string> {
	const { pageUrl } = await import("../../../feeds/reader/links.ts");
	const range = { direction: "forward", from: 0, count: PAGE_SIZE } as const;
	let url: string | undefined = pageUrl(settings.server, STREAMS, range);
	while (url !== undefined && !signal.aborted) {
		const page: DecodedFeed | string | undefined = await pageOrSmaller(url, settings, signal);
		// Before the first append, the list does not exist.
		if (page === undefined) return;
		if (typeof page === "string") {
			url = page;
			continue;
		}
		for (const entry of page.entries.toReversed()) {
			const name = nameOf(entry);
			if (name?.startsWith(prefix) && (await isThere(name, entry, settings, signal))) yield name;
		}
		const next = page.links.find(({ relation }) => relation === "previous")?.uri;
		url = next === url ? undefined : next;
	}
}

/**
 * The page; the URL of a smaller one if its events are too large together, or one is damaged.
 * @throws Failure, ReadError
 */
async function pageOrSmaller(
	url: string,
	settings: ReaderSettings,
	signal: AbortSignal,
): Promise<DecodedFeed | string | undefined> {
	const { ReadError } = await import("../../../feeds/reader/error.ts");
	const { rangeOf, withCount } = await import("../../../feeds/reader/links.ts");
	const { fetchPage } = await import("../../../feeds/reader/session.ts");
	const count = rangeOf(url, STREAMS)?.count ?? 1;
	const smaller = count > SMALL_PAGE ? SMALL_PAGE : 1;
	try {
		const page = await fetchPage(url, settings, signal);
		if (page === undefined || !("damage" in page)) return page;
		if (count > 1) return withCount(url, smaller);
		throw new Failure(`${url} is answered ${page.damage}; varve verify names what is damaged`);
	} catch (error) {
		const isTooLarge = error instanceof ReadError && error.failure === "too-large";
		if (isTooLarge && count > 1) return withCount(url, smaller);
		throw error;
	}
}

/** Its title is `0@order-42`. */
function nameOf({ title }: DecodedEntry): string | undefined {
	return /^\d+@(.+)$/s.exec(title)?.[1];
}

/**
 * Whether the stream shows events. If its first one is shown, it does. If not, it was deleted, or
 * hides only its older events.
 */
async function isThere(
	stream: string,
	entry: DecodedEntry,
	settings: ReaderSettings,
	signal: AbortSignal,
): Promise<boolean> {
	if (entry.event?.eventId !== undefined) return true;
	const { lastPageUrl } = await import("../../../feeds/reader/links.ts");
	const { ReadError } = await import("../../../feeds/reader/error.ts");
	const { fetchPage } = await import("../../../feeds/reader/session.ts");
	try {
		const page = await fetchPage(lastPageUrl(settings.server, stream), settings, signal);
		return page !== undefined;
	} catch (error) {
		if (error instanceof ReadError && error.failure === "stream-deleted") return false;
		throw error;
	}
}
