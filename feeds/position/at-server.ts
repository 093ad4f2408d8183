/**
 * A reader position that the server keeps under a name, where everybody sees how far behind its
 * reader is. `position-file.ts` keeps one in a file instead.
 *
 * Each save replaces what this reader last saw there. So if a second copy of the reader runs, one
 * of the two is refused, and does not go on.
 */

import type { Answer } from "../exchange/exchange.ts";
import { type ReaderSettings, type ReadOptions, settingsOf } from "../reader/options.ts";
import { send } from "../writing/send.ts";
import { describeIdentity, identify, isOtherHistory, type StreamIdentity } from "./identity.ts";

export type PositionOptions = {
	/** The server deletes the position if it was not renewed for so long. Default: never. */
	readonly ttlSeconds?: number;
};

type Found = { readonly at: number; readonly stream: string; readonly log: string };
type Standing = Found & { readonly tag: string };

const JSON_TYPE = "application/json";
const decoder = new TextDecoder();

export class ServerPosition {
	readonly name: string;
	readonly #identity: StreamIdentity;
	readonly #settings: ReaderSettings;
	readonly #options: PositionOptions;
	#standing: Standing | undefined;

	private constructor(
		address: ReadOptions,
		name: string,
		identity: StreamIdentity,
		options: PositionOptions,
	) {
		this.name = name;
		this.#settings = settingsOf(address);
		this.#identity = identity;
		this.#options = options;
	}

	/**
	 * @param address the stream that is read, and its server
	 * @throws RangeError, TypeError if an option makes no sense
	 * @throws Error if the position is one in another stream, or in a history that was replaced
	 * @throws WriteError, ReadError
	 */
	static async open(
		address: ReadOptions,
		name: string,
		options: PositionOptions = {},
	): Promise<ServerPosition> {
		const identity = await identify(address);
		const position = new ServerPosition(address, name, identity, options);
		position.#standing = await position.#read(address.signal);
		if (position.#standing) checkOwner(position.#standing, identity, name);
		return position;
	}

	/** The number of the last handled event; undefined if there is none yet. */
	get at(): number | undefined {
		return this.#standing?.at;
	}

	/**
	 * Resolves once the server has it on disk. Calls must not overlap.
	 * @param signal ends it; that of the address does not, as a reader that stops saves once more
	 * @throws WriteError; its problem is `resource-changed` if another reader has saved since
	 */
	async save(at: number, signal?: AbortSignal): Promise<void> {
		const { stream, log } = this.#identity;
		const before = this.#standing;
		const condition = before ? { "if-match": before.tag } : { "if-none-match": "*" };
		const body = JSON.stringify({ stream, at, log, ...this.#options });
		const headers = { accept: JSON_TYPE, "content-type": JSON_TYPE, ...condition };
		const isDone = (answer: Answer) => standingIn(answer) !== undefined;
		const attempt = { method: "PUT", url: this.#url(), headers, body, isDone } as const;
		try {
			const { answer } = await send(attempt, this.#settings, signal);
			this.#standing = standingIn(answer);
		} catch (error) {
			// The answer to an earlier attempt may have been lost.
			const now = wordOf(error) === "resource-changed" ? await this.#read(signal) : undefined;
			if (now?.at !== at || now.log !== log || now.stream !== stream) throw error;
			this.#standing = now;
		}
	}

	/** Deletes it. @throws WriteError */
	async delete(signal?: AbortSignal): Promise<void> {
		const isDone = ({ status }: Answer) => status === 204;
		const attempt = { method: "DELETE", url: this.#url(), headers: {}, isDone } as const;
		await send(attempt, this.#settings, signal);
		this.#standing = undefined;
	}

	async #read(signal: AbortSignal | undefined): Promise<Standing | undefined> {
		const isDone = (answer: Answer) => standingIn(answer) !== undefined;
		const attempt = { url: this.#url(), headers: { accept: JSON_TYPE }, isDone };
		try {
			const { answer } = await send(attempt, this.#settings, signal);
			return standingIn(answer);
		} catch (error) {
			if (wordOf(error) === "reader-position-not-found") return undefined;
			throw error;
		}
	}

	#url(): string {
		const url = new URL(this.#settings.server);
		const prefix = url.pathname.replace(/\/+$/, "");
		url.pathname = `${prefix}/positions/${encodeURIComponent(this.name)}`;
		return url.href;
	}
}

function checkOwner({ at, ...owner }: Found, identity: StreamIdentity, name: string): void {
	if (owner.stream === identity.stream && owner.log === identity.log) return;
	const what = `the position ${name} is ${at} in ${describeIdentity(owner)}`;
	const wanted = describeIdentity(identity);
	if (owner.stream === identity.stream && isOtherHistory(owner.log, identity.log)) {
		throw new Error(
			`${what}. A restore has replaced that history, and the server has ${wanted}: later events ` +
				"may be others. Start again from nothing, with another name.",
		);
	}
	throw new Error(`${what}, and cannot be used for ${wanted}. Use another name.`);
}

function standingIn({ status, headers, body }: Answer): Standing | undefined {
	const tag = headers.get("etag");
	if (status >= 300 || tag === null || tag === undefined || body === undefined) return undefined;
	try {
		const { at, stream, log } = JSON.parse(decoder.decode(body)) as Partial<Found>;
		if (typeof at !== "number" || typeof stream !== "string") return undefined;
		return typeof log === "string" ? { at, stream, log, tag } : undefined;
	} catch {
		return undefined;
	}
}

function wordOf(error: unknown): string | undefined {
	return (error as { readonly problem?: { readonly word?: string } } | undefined)?.problem?.word;
}
