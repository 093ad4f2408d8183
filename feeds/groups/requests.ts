/** The requests of a member. Each is sent for as long as it takes, or until a signal ends it. */

import type { Answer } from "../exchange/exchange.ts";
import type { ReaderSettings } from "../reader/options.ts";
import { type Attempt, send } from "../writing/send.ts";
import type { Assignment, Release } from "./membership.ts";
import type { GroupMaking } from "./options.ts";

export type Checkpoint = Release & { readonly at: number };
export type Said = {
	readonly checkpoints: readonly Checkpoint[];
	readonly released: readonly Release[];
};

/** A long poll is answered within this, and the time that every answer may take. */
const WAIT_SECONDS = 20;
const JSON_TYPE = "application/json";
const decoder = new TextDecoder();

export class GroupRequests {
	readonly #settings: ReaderSettings;
	readonly #url: string;

	constructor(settings: ReaderSettings, group: string) {
		this.#settings = settings;
		const url = new URL(settings.server);
		const prefix = url.pathname.replace(/\/+$/, "");
		url.pathname = `${prefix}/groups/${encodeURIComponent(group)}`;
		this.#url = url.href;
	}

	/** The stream of the group. @throws WriteError; its problem is `group-not-found` for none */
	async streamOf(signal: AbortSignal): Promise<string> {
		const found = await this.#ask("GET", "", undefined, signal);
		return String(found.stream);
	}

	/** Makes the group, if there is still none. @throws WriteError */
	async make(making: GroupMaking, signal: AbortSignal): Promise<void> {
		const { stream, partitions, key, filter, leaseMilliseconds, startFrom } = making;
		const body = { stream, partitions, key, filter, leaseMilliseconds, startFrom };
		try {
			await this.#ask("PUT", "", body, signal, { "if-none-match": "*" });
		} catch (error) {
			if (wordOf(error) !== "resource-changed") throw error;
		}
	}

	/** @throws WriteError */
	join(id: string, name: string | undefined, signal: AbortSignal): Promise<Assignment> {
		return this.#assigned("POST", "/members", { id, name }, signal);
	}

	/** @throws WriteError */
	renew(id: string, said: Said, signal: AbortSignal): Promise<Assignment> {
		return this.#assigned("POST", `/members/${id}`, said, signal);
	}

	/** What the member has, as soon as it is another revision. @throws WriteError */
	look(id: string, revision: number, signal: AbortSignal): Promise<Assignment> {
		const query = revision < 0 ? "" : `?after=${revision}&wait=${WAIT_SECONDS}`;
		return this.#assigned("GET", `/members/${id}${query}`, undefined, signal);
	}

	/** @throws WriteError */
	async leave(id: string, signal: AbortSignal): Promise<void> {
		const url = `${this.#url}/members/${id}`;
		const headers = { accept: JSON_TYPE };
		const isDone = ({ status }: Answer) => status === 204;
		const settings = { ...this.#settings, retriesMax: 1 };
		await send({ method: "DELETE", url, headers, isDone }, settings, signal);
	}

	async #assigned(
		method: "GET" | "POST",
		path: string,
		body: unknown,
		signal: AbortSignal,
	): Promise<Assignment> {
		return (await this.#ask(method, path, body, signal)) as Assignment;
	}

	async #ask(
		method: "GET" | "POST" | "PUT",
		path: string,
		body: unknown,
		signal: AbortSignal,
		more: Readonly<Record<string, string>> = {},
	): Promise<{ readonly [member: string]: unknown }> {
		const type = body === undefined ? undefined : { "content-type": JSON_TYPE };
		const attempt: Attempt = {
			method,
			url: `${this.#url}${path}`,
			headers: { accept: JSON_TYPE, ...type, ...more },
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
			isDone: (answer) => membersIn(answer) !== undefined,
		};
		const { timeoutMs } = this.#settings;
		const waits = path.includes("wait=") ? WAIT_SECONDS * 1000 : 0;
		const settings = { ...this.#settings, timeoutMs: timeoutMs + waits };
		const { answer } = await send(attempt, settings, signal);
		return membersIn(answer) ?? {};
	}
}

/** The word of a refusal; undefined for another error. */
export function wordOf(error: unknown): string | undefined {
	return (error as { readonly problem?: { readonly word?: string } } | undefined)?.problem?.word;
}

/** The object that the server answers; undefined for an answer of something else. */
function membersIn({ status, headers, body }: Answer) {
	const isJson = headers.get("content-type")?.startsWith(JSON_TYPE) ?? false;
	if (status >= 300 || !isJson || body === undefined) return undefined;
	try {
		const value: unknown = JSON.parse(decoder.decode(body));
		const isOurs =
			typeof value === "object" && value !== null && ("group" in value || "stream" in value);
		return isOurs ? (value as { readonly [member: string]: unknown }) : undefined;
	} catch {
		return undefined;
	}
}
