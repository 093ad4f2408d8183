/**
 * A small honest server of the contract's feeds, over an array of events, for the reader to read
 * from: page links from `feeds/geometry.ts`, documents from the codecs, ETags, 304 and long poll,
 * on a real socket. `meddle` decides for each request whether it is dishonest instead.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { neighbours, type PageRange, pageToWaitAt } from "../../../feeds/geometry.ts";
import { encodeFeedJson } from "../../../feeds/json/encode.ts";
import { encodeLines } from "../../../feeds/lines/encode.ts";
import { encodeLinks } from "../../../feeds/lines/links.ts";
import type { Embed, Entry, Link } from "../../../feeds/model.ts";

export type Stored = {
	readonly stream: string;
	readonly version: number;
	readonly position: number;
	readonly isJson: boolean;
	readonly data: string;
};

export type Seen = {
	readonly url: string;
	readonly headers: IncomingMessage["headers"];
	/** Set by the server as it answers. */
	status: number;
	/** Whether the connection went away before the answer. */
	closed: boolean;
};

type Status = {
	readonly status: number;
	readonly headers?: Record<string, string>;
	readonly body?: string;
};

/**
 * A status answers just that, as something on the way would; `problemOf` makes those of Varve. `cut` breaks the connection within the body; `no-answer` breaks it
 * before; `garbage` is a 200 that is no feed; `silent` never answers; `overlap` begins the page
 * some versions too early; `early` answers a long poll at once.
 */
export type Meddling =
	| Status
	| "cut"
	| "no-answer"
	| "garbage"
	| "silent"
	| "overlap"
	| "early"
	| undefined;

/** A refusal as the real server words it. */
export function problemOf(status: number, word: string, facts: object = {}, detail = "Said so.") {
	const type = `urn:varve:problem:${word}`;
	return {
		status,
		headers: { "content-type": "application/problem+json", "cache-control": "no-store" },
		body: JSON.stringify({ type, title: "Title", status, detail, ...facts }),
	};
}

export type FeedServer = {
	/** What readers are given as `url`. */
	readonly url: string;
	readonly log: Stored[];
	/** The requests for what the server offers. */
	readonly seen: Seen[];
	/** How many requests were for another form. */
	refused: number;
	/** Called for each request, in order. */
	meddle: (seen: Seen, index: number) => Meddling;
	/** Forgets these positions, as retention does. */
	readonly gone: Set<number>;
	append(stream: string, ...data: readonly (string | object)[]): void;
	/** Long polls that wait at this moment. */
	waiting(): number;
	close(): Promise<void>;
	/** Listens again on the same port. */
	reopen(): Promise<void>;
};

/** In which form a server has its pages: one with lines has tail pages; the second form is older. */
export const FORMS = ["lines", "feeds"] as const;
/** The first servers with lines had no tail pages. */
type Form = (typeof FORMS)[number] | "lines-alone";
const LINES = "application/vnd.varve.events+ndjson";

type Options = { readonly offers: Form; readonly prefix?: string; readonly query?: string };

export async function startServer({
	offers,
	prefix = "",
	query = "",
}: Options): Promise<FeedServer> {
	const waiters = new Set<() => void>();
	const log: Stored[] = [];
	let port = 0;
	let server: Server;
	const listen = async () => {
		server = createServer((request, response) => {
			answer(feeds, { offers, waiters, prefix, query }, request, response).catch((error) => {
				response.destroy(error);
			});
		});
		server.listen(port, "127.0.0.1");
		await once(server, "listening");
		port = (server.address() as AddressInfo).port;
	};
	await listen();
	const feeds: FeedServer = {
		url: `http://127.0.0.1:${port}${prefix}`,
		log,
		seen: [],
		refused: 0,
		meddle: () => undefined,
		gone: new Set(),
		append(stream, ...all) {
			for (const data of all) {
				const isJson = typeof data !== "string";
				const version = log.filter((event) => event.stream === stream).length;
				const text = isJson ? JSON.stringify(data) : data;
				log.push({ stream, version, position: log.length, isJson, data: text });
			}
			for (const wake of [...waiters]) wake();
		},
		waiting: () => waiters.size,
		close: async () => {
			server.close();
			server.closeAllConnections();
			await once(server, "close");
		},
		reopen: listen,
	};
	return feeds;
}

type Surroundings = {
	readonly offers: Form;
	readonly waiters: Set<() => void>;
	readonly prefix: string;
	readonly query: string;
};

async function answer(
	feeds: FeedServer,
	{ offers, waiters, prefix, query }: Surroundings,
	request: IncomingMessage,
	response: ServerResponse,
): Promise<void> {
	const isLines = request.headers.accept === LINES;
	if (isLines && offers === "feeds") {
		feeds.refused++;
		return send(response, problemOf(406, "not-acceptable"));
	}
	const seen: Seen = { url: request.url ?? "", headers: request.headers, status: 0, closed: false };
	const meddling = feeds.meddle(seen, feeds.seen.push(seen) - 1);
	response.on("finish", () => {
		seen.status = response.statusCode;
	});
	response.on("close", () => {
		seen.closed = !response.writableFinished;
	});
	if (meddling === "no-answer") return void response.destroy();
	if (meddling === "silent") return;
	if (typeof meddling === "object") {
		return send(response, meddling);
	}
	const url = new URL(seen.url, feeds.url);
	const [, , name = "", from = "", direction, count = ""] = url.pathname
		.slice(prefix.length)
		.split("/");
	const stream = decodeURIComponent(name);
	const start = stream === "$all" ? Number.parseInt(from.slice(0, 16), 16) : Number(from);
	if (direction === undefined) return sendData(feeds, stream, start, response);
	const range: PageRange = { direction: "forward", from: start, count: Number(count) };

	const isTail = offers === "lines" && url.searchParams.has("wait");
	const wanted = isTail ? url.searchParams.get("wait") : request.headers["es-longpoll"];
	const seconds = meddling === "early" ? 0 : Number(wanted ?? 0);
	if (seconds > 0 && start > lastOf(feeds, stream)) {
		await longPoll(waiters, seconds, request, () => start <= lastOf(feeds, stream));
	}
	const last = lastOf(feeds, stream);
	if (last < 0) return send(response, problemOf(404, "stream-not-found", { stream }));
	const etag = `"${last};7"`;
	if (request.headers["if-none-match"] === etag)
		return void response.writeHead(304, { etag }).end();
	const shown = meddling === "overlap" ? { ...range, from: Math.max(0, start - 7) } : range;
	const base = `http://${request.headers.host}${prefix}/streams/`;
	const links = isTail
		? tailLinks(stream, range, last, base, query)
		: linksOf(stream, neighbours(range, last).previous, base, query);
	const events = shownIn(feeds, stream, shown, range);
	const page = isLines
		? linesOf(events, links, `http://${request.headers.host}${seen.url}`)
		: feedOf(events, stream, links, base, url.searchParams.get("embed") as Embed);
	const body = meddling === "garbage" ? Buffer.from("<html>back soon</html>") : page.body;
	const sealed = start + range.count - 1 <= last;
	response.writeHead(200, {
		...page.headers,
		"content-length": body.length,
		...(sealed ? {} : { etag }),
	});
	if (meddling !== "cut") return void response.end(body);
	response.write(body.subarray(0, body.length / 2), () => response.destroy());
}

function send(response: ServerResponse, { status, headers, body = "" }: Status): void {
	response.writeHead(status, headers).end(body);
}

/** A tail page leads on to a tail page, an empty one to itself. */
function tailLinks(
	stream: string,
	range: PageRange,
	last: number,
	base: string,
	query: string,
): Link[] {
	const { previous } = neighbours(range, last);
	const wait = `${query}${query === "" ? "?" : "&"}wait=20${previous ? "" : "&slot=7"}`;
	return linksOf(stream, pageToWaitAt(previous ?? range), base, wait);
}

function linksOf(
	stream: string,
	previous: PageRange | undefined,
	base: string,
	query: string,
): Link[] {
	const id = `${base}${encodeURIComponent(stream)}`;
	const links: Link[] = [{ relation: "self", uri: id }];
	if (previous) {
		const from = Number(previous.from);
		const hex = from.toString(16).toUpperCase().padStart(16, "0").repeat(2);
		const number = stream === "$all" ? hex : from;
		links.push({
			relation: "previous",
			uri: `${id}/${number}/forward/${previous.count}${query}`,
		});
	}
	return links;
}

type Numbered = { readonly event: Stored; readonly number: number };

/** Oldest first. */
function shownIn(
	feeds: FeedServer,
	stream: string,
	shown: PageRange,
	range: PageRange,
): Numbered[] {
	const end = Number(range.from) + range.count;
	return streamOf(feeds, stream)
		.map((event, number) => ({ event, number }))
		.slice(Number(shown.from), end)
		.filter(({ event }) => !feeds.gone.has(event.position));
}

type PageDocument = { readonly headers: Record<string, string>; readonly body: Uint8Array };

function linesOf(events: readonly Numbered[], links: readonly Link[], page: string): PageDocument {
	const entries = events.map(({ event, number }) => ({
		version: number,
		event: {
			...event,
			id: idOf(event),
			type: "Happened",
			created: CREATED,
			data: Buffer.from(event.data),
			metadata: metadataOf(event),
		},
	}));
	const type = `${LINES}; charset=utf-8`;
	const lines = String(entries.length);
	const headers = { "content-type": type, "varve-lines": lines, link: encodeLinks(links, page) };
	return { headers, body: encodeLines(entries) };
}

function feedOf(
	events: readonly Numbered[],
	stream: string,
	links: readonly Link[],
	base: string,
	embed: Embed,
): PageDocument {
	const entries = events.map(({ event, number }) => entryOf(event, number, stream, base));
	const text = encodeFeedJson(
		{
			id: `${base}${encodeURIComponent(stream)}`,
			title: stream,
			updated: "2026-01-01T00:00:00Z",
			author: "Varve",
			headOfStream: false,
			archive: false,
			links,
			entries: entries.reverse(),
		},
		embed ?? "none",
	);
	const headers = { "content-type": "application/vnd.eventstore.atom+json; charset=utf-8" };
	return { headers, body: Buffer.from(text) };
}

const CREATED = Date.parse("2026-01-01T00:00:00.500Z");

function idOf({ position }: Stored): string {
	return `00000000-0000-4000-8000-${String(position).padStart(12, "0")}`;
}

function metadataOf({ position }: Stored): Buffer {
	return Buffer.from(`{"position":${position}}`);
}

function entryOf(event: Stored, number: number, stream: string, base: string): Entry {
	const id = `${base}${encodeURIComponent(event.stream)}/${event.version}`;
	return {
		title: `${event.version}@${event.stream}`,
		id,
		updated: new Date(CREATED).toISOString(),
		author: "Varve",
		summary: "Happened",
		links: [
			{ relation: "edit", uri: id },
			{ relation: "alternate", uri: id },
		],
		event: {
			eventId: idOf(event),
			eventType: "Happened",
			eventNumber: event.version,
			streamId: event.stream,
			isJson: event.isJson,
			data: Buffer.from(event.data),
			metadata: metadataOf(event),
			positionEventNumber: stream === "$all" ? event.version : number,
			positionStreamId: stream === "$all" ? event.stream : stream,
			position: event.position,
		},
	};
}

function sendData(feeds: FeedServer, stream: string, version: number, response: ServerResponse) {
	const event = streamOf(feeds, stream)[version];
	if (!event || feeds.gone.has(event.position)) {
		return send(response, problemOf(404, "event-not-found", { stream, eventNumber: version }));
	}
	const headers = { "content-type": "application/octet-stream", etag: `"${version};7"` };
	response.writeHead(200, headers).end(event.data);
}

/** `$ce-order` are the events of order-1, order-2 …, as in a real store. */
function streamOf({ log }: FeedServer, stream: string): readonly Stored[] {
	if (stream === "$all") return log;
	const category = /^\$ce-(.*)$/.exec(stream)?.[1];
	return log.filter((event) =>
		category === undefined ? event.stream === stream : event.stream.startsWith(`${category}-`),
	);
}

function lastOf(feeds: FeedServer, stream: string): number {
	return streamOf(feeds, stream).length - 1;
}

async function longPoll(
	waiters: Set<() => void>,
	seconds: number,
	request: IncomingMessage,
	isThere: () => boolean,
): Promise<void> {
	await new Promise<void>((resolve) => {
		const done = () => {
			clearTimeout(timer);
			waiters.delete(wake);
			resolve();
		};
		const wake = () => {
			if (isThere()) done();
		};
		const timer = setTimeout(done, seconds * 1000);
		waiters.add(wake);
		request.socket.once("close", done);
	});
}
