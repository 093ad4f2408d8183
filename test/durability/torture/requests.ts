/** One request of a client, and what its answer says; no answer, or half of one, is `unknown`. */
import { type Agent, type OutgoingHttpHeaders, request } from "node:http";
import type { Batch, Delete, Expected, Outcome, Redaction } from "./history.ts";

export type Connection = {
	readonly port: number;
	readonly agent: Agent;
	/** This machine, if none is named. */
	readonly host?: string;
	/** What may be refused because something on the way is down; otherwise nothing may. */
	readonly outages?: Outages;
};

/** Answers of servers that lost their database, and of proxies that lost their servers. */
export type Outages = {
	/** Words that say that nothing was done. */
	readonly refused: readonly string[];
	/** Words that say that nobody knows. Statuses from 500 on without a word are of proxies. */
	readonly unknown: readonly string[];
	/** Called before a client goes on behind one. */
	pause(): Promise<void>;
};

type Reply = {
	readonly status: number;
	readonly headers: { readonly [name: string]: string | string[] | undefined };
	readonly body: Buffer;
};

const EXPECTED: Readonly<Record<string, string>> = {
	any: "-2",
	"no-stream": "-1",
	"stream-exists": "-4",
};

/** Sends a batch: one event as a body with headers, or several as a document. */
export async function sendBatch(
	to: Connection,
	{ stream, events }: Batch,
	expected: Expected,
): Promise<Outcome> {
	const isMetadata = stream.startsWith("$$");
	const path = isMetadata ? `${pathOf(stream.slice(2))}/metadata` : pathOf(stream);
	const headers: OutgoingHttpHeaders = expectedHeader(expected);
	const [event] = events;
	let body: Buffer;
	if (events.length === 1 && event && event.metadata.length === 0) {
		headers["Content-Type"] = event.isJson ? "application/json" : "application/octet-stream";
		headers["ES-EventId"] = event.id;
		if (!isMetadata) headers["ES-EventType"] = event.type;
		body = event.data;
	} else {
		headers["Content-Type"] = "application/vnd.eventstore.events+json";
		const items = events.map(({ id, type, data, metadata }) => {
			const rest = metadata.length === 0 ? "" : `,"metadata":${metadata}`;
			return `{"eventId":"${id}","eventType":"${type}","data":${data}${rest}}`;
		});
		body = Buffer.from(`[${items.join()}]`);
	}
	return outcomeOf(await ask(to, "POST", path, headers, body), to);
}

export async function sendDelete(
	to: Connection,
	{ stream, hard }: Pick<Delete, "stream" | "hard">,
): Promise<Outcome> {
	const headers = hard ? { "ES-HardDelete": "true" } : {};
	return outcomeOf(await ask(to, "DELETE", pathOf(stream), headers), to);
}

export async function sendRedaction(
	to: Connection,
	{ stream, version, metadata }: Pick<Redaction, "stream" | "version" | "metadata">,
): Promise<Outcome> {
	const path = `${pathOf(stream)}/${version}/data${metadata ? "?metadata=true" : ""}`;
	return outcomeOf(await ask(to, "DELETE", path, {}), to);
}

export async function startScavenge(to: Connection): Promise<Outcome> {
	return outcomeOf(await ask(to, "POST", "/admin/scavenge", {}), to);
}

/** An event's data from its own URL, as of `position` at least. Undefined: no answer. */
export async function getData(
	to: Connection,
	stream: string,
	version: number,
	position: number,
): Promise<{ readonly status: number; readonly data: Buffer } | undefined> {
	const headers = { Accept: "application/octet-stream", "ES-MinPosition": position };
	const reply = await read(to, `${pathOf(stream)}/${version}`, headers);
	return reply && { status: reply.status, data: reply.body };
}

/** The signed head of the log, or whatever else is the answer. Undefined: no answer. */
export async function getSignedHead(to: Connection): Promise<string | undefined> {
	return (await read(to, "/log/checkpoint", {}))?.body.toString();
}

/** An answer of an outage is none. */
async function read(
	to: Connection,
	path: string,
	headers: OutgoingHttpHeaders,
): Promise<Reply | undefined> {
	const reply = await ask(to, "GET", path, headers);
	if (!reply || !to.outages || reply.status < 500) return reply;
	const { refused, unknown } = to.outages;
	const word = wordOf(reply.body, reply.status);
	const isOutage = word.startsWith("status") || refused.includes(word) || unknown.includes(word);
	if (!isOutage) return reply;
	await to.outages.pause();
	return undefined;
}

function ask(
	{ port, agent, host = "127.0.0.1" }: Connection,
	method: string,
	path: string,
	headers: OutgoingHttpHeaders,
	body?: Buffer,
): Promise<Reply | undefined> {
	return new Promise((resolve) => {
		const lost = () => resolve(undefined);
		const length = body ? { "Content-Length": body.length } : {};
		const options = { host, port, agent, method, path };
		const asked = request({ ...options, headers: { ...headers, ...length } }, (answer) => {
			const chunks: Buffer[] = [];
			answer.on("data", (chunk) => chunks.push(chunk));
			answer.on("close", () => {
				if (!answer.complete) return lost();
				const { statusCode: status = 0, headers } = answer;
				resolve({ status, headers, body: Buffer.concat(chunks) });
			});
		});
		asked.on("error", lost);
		asked.end(body);
	});
}

async function outcomeOf(reply: Reply | undefined, { outages }: Connection): Promise<Outcome> {
	const outcome = plainOutcomeOf(reply);
	if (!outages || outcome.kind === "written") return outcome;
	if (outcome.kind === "unknown") await outages.pause();
	else {
		const { word } = outcome;
		const isOfProxy = reply !== undefined && reply.status >= 500 && word.startsWith("status");
		if (isOfProxy || outages.unknown.includes(word)) {
			await outages.pause();
			return { kind: "unknown" };
		}
		if (outages.refused.includes(word)) await outages.pause();
	}
	return outcome;
}

function plainOutcomeOf(reply: Reply | undefined): Outcome {
	if (!reply) return { kind: "unknown" };
	const { status, headers, body } = reply;
	if (status >= 200 && status < 300) {
		const first = /\/(\d+)$/.exec(String(headers.location ?? ""))?.[1];
		return {
			kind: "written",
			first: Number(first ?? -1),
			position: Number(headers["es-position"]),
			repeated: headers["varve-repeated"] === "true",
		};
	}
	const current = headers["es-currentversion"];
	return {
		kind: "refused",
		word: wordOf(body, status),
		current: current === undefined ? undefined : Number(current),
	};
}

function wordOf(body: Buffer, status: number): string {
	const type = /"type":"urn:varve:problem:([a-z-]+)"/.exec(body.toString())?.[1];
	return type ?? `status ${status}`;
}

function pathOf(stream: string): string {
	return `/streams/${encodeURIComponent(stream)}`;
}

function expectedHeader(expected: Expected): OutgoingHttpHeaders {
	return { "ES-ExpectedVersion": EXPECTED[expected] ?? String(expected) };
}
