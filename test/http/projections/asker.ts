/** Requests of projections, as tests write them. */
import { randomUUID } from "node:crypto";
import type { Ask, Json, Reply } from "../ask.ts";
import { until } from "../harness.ts";

type Asks = { ask(request: Ask): Promise<Reply> };

export const basic = (login: string, password: string) =>
	`Basic ${Buffer.from(`${login}:${password}`).toString("base64")}`;
export const ADMIN = basic("admin", "changeit");

export const COUNTER = `fromAll().when({
	$init: function () { return { count: 0 }; },
	$any: function (state, event) { state.count++; }
})`;

export class Asker {
	readonly #asks: Asks;
	readonly #authorization: string;

	constructor(asks: Asks, authorization = ADMIN) {
		this.#asks = asks;
		this.#authorization = authorization;
	}

	as(authorization: string): Asker {
		return new Asker(this.#asks, authorization);
	}

	ask(method: string, path: string, body?: string, headers: object = {}): Promise<Reply> {
		const sent = { Authorization: this.#authorization, Accept: "application/json", ...headers };
		const request = { method, path, headers: sent };
		return this.#asks.ask(body === undefined ? request : { ...request, body });
	}

	create(mode: string, parameters: object, query: string): Promise<Reply> {
		const words = new URLSearchParams(parameters as Record<string, string>);
		return this.ask("POST", `/projections/${mode}?${words}`, query, {
			"Content-Type": "application/javascript",
		});
	}

	/** Makes one, and waits until it is at the head. */
	async made(name: string, query: string, parameters: object = {}): Promise<void> {
		const made = await this.create("continuous", { name, ...parameters }, query);
		if (made.status !== 201) throw new Error(made.text);
		await this.atHead(name);
	}

	async standing(name: string): Promise<Json> {
		return (await this.ask("GET", `/projection/${encodeURIComponent(name)}`)).json;
	}

	/** Waits until it has handled all there is. */
	async atHead(name: string): Promise<Json> {
		return until(async () => {
			const standing = await this.standing(name);
			if (String(standing.status).startsWith("Faulted"))
				throw new Error(String(standing.stateReason));
			const isThere = standing.status === "Running" && standing.lagEvents === 0;
			return isThere ? standing : undefined;
		});
	}

	async state(name: string, query = ""): Promise<unknown> {
		const { text } = await this.ask("GET", `/projection/${encodeURIComponent(name)}/state${query}`);
		return text === "" ? undefined : JSON.parse(text);
	}

	/** @returns the position of the last one */
	async append(stream: string, type: string, ...data: object[]): Promise<number> {
		const events = data.map((one) => ({ eventId: randomUUID(), eventType: type, data: one }));
		const path = `/streams/${encodeURIComponent(stream)}`;
		const { status, headers, text } = await this.ask("POST", path, JSON.stringify(events), {
			"Content-Type": "application/vnd.eventstore.events+json",
		});
		if (status !== 201) throw new Error(text);
		return Number(headers["es-position"]);
	}

	/** The events of a stream, oldest first. @param resolves whether links show their events */
	async events(stream: string, resolves = false): Promise<Json[]> {
		const found: Json[] = [];
		for (let from = 0; ; from += 500) {
			const path = `/streams/${encodeURIComponent(stream)}/${from}/forward/500?embed=body`;
			const reply = await this.ask("GET", path, undefined, {
				"ES-ResolveLinkTos": String(resolves),
			});
			if (reply.status === 404 || reply.status === 410) return found;
			// A page may have less than it could, or nothing: what is hidden is not shown.
			const { entries, headOfStream } = reply.json as { entries: Json[]; headOfStream: boolean };
			found.push(...entries.reverse());
			if (headOfStream) return found;
		}
	}
}
