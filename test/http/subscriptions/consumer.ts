/** Consumers of subscriptions in tests, as programs write them. */
import { randomUUID } from "node:crypto";
import type { Ask, Reply } from "../ask.ts";
import { EVENTS_JSON } from "../ask.ts";

/** The user of `--insecure-defaults`. */
export const ADMIN = `Basic ${Buffer.from("admin:changeit").toString("base64")}`;
export const COMPETING = "application/vnd.eventstore.competingatom+json";
export const LINES = "application/vnd.varve.messages+ndjson";

export type Asking = { ask(request: Ask): Promise<Reply> };

export type Line = {
	readonly id: string;
	readonly token: string;
	readonly retryCount: number;
	readonly number: number;
	readonly event: { readonly stream: string; readonly version: number; readonly data?: unknown };
};

/** Requests of one consumer of one subscription. */
export class Consumer {
	readonly path: string;
	readonly #server: Asking;
	readonly #name: string;

	constructor(server: Asking, stream: string, group = "group", name = "consumer") {
		this.#server = server;
		this.path = `/subscriptions/${encodeURIComponent(stream)}/${encodeURIComponent(group)}`;
		this.#name = name;
	}

	ask(path: string, request: Partial<Ask> = {}): Promise<Reply> {
		const headers = { Authorization: ADMIN, "Varve-Consumer": this.#name, ...request.headers };
		return this.#server.ask({ ...request, path: this.path + path, headers });
	}

	/** Makes the subscription. */
	create(settings: object = {}): Promise<Reply> {
		const headers = { "Content-Type": "application/json" };
		return this.ask("", { method: "PUT", body: JSON.stringify(settings), headers });
	}

	/** @param count with its query, if it has one: `10?wait=20` */
	take(count: number | string, headers: Ask["headers"] = {}): Promise<Line[]> {
		return this.#lines(`/${count}`, { headers });
	}

	/** Acknowledges, and takes the next. */
	next(count: number | string, handled: readonly Line[]): Promise<Line[]> {
		return this.#lines(`/${count}`, { method: "POST", body: namesOf(handled) });
	}

	async #lines(path: string, request: Partial<Ask>): Promise<Line[]> {
		const headers = { Accept: LINES, ...request.headers };
		const reply = await this.ask(path, { ...request, headers });
		if (reply.status !== 200) throw new Error(`${reply.status} ${reply.text}`);
		return reply.text
			.split("\n")
			.filter((line) => line !== "")
			.map((line) => JSON.parse(line) as Line);
	}

	/** @param verb with its query, if it has one: `nack?action=park` */
	answer(verb: string, lines: readonly Line[]): Promise<Reply> {
		return this.ask(`/${verb}`, { method: "POST", body: namesOf(lines) });
	}

	async info(): Promise<{ readonly [member: string]: unknown }> {
		return (await this.ask("/info", { headers: { Accept: "application/json" } })).json;
	}
}

/** The body that names deliveries. */
export function namesOf(lines: readonly Line[]): string {
	return JSON.stringify({
		ids: lines.map(({ id }) => id),
		tokens: lines.map(({ token }) => token),
	});
}

/** Appends events that count from a number. */
export function counted(stream: string, count: number, from = 0): Ask {
	const events = Array.from({ length: count }, (_, n) => ({
		eventId: randomUUID(),
		eventType: "Counted",
		data: { n: from + n },
	}));
	const headers = { "Content-Type": EVENTS_JSON, Authorization: ADMIN };
	const path = `/streams/${encodeURIComponent(stream)}`;
	return { method: "POST", path, headers, body: JSON.stringify(events) };
}
