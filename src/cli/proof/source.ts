/** The source of a proof: the tree of a log, from a server or from a directory. */

import type { Answer } from "../../../feeds/exchange/exchange.ts";
import { mediaTypeOf } from "../../../feeds/exchange/problem.ts";
import { HASH_BYTES } from "../../../feeds/proof/hash.ts";
import { parseKey } from "../../../feeds/proof/note.ts";
import { leavesOf } from "../../../feeds/proof/prove.ts";
import { readCheckpoint } from "../../../feeds/proof/signed-head.ts";
import { type Tile, tilePath } from "../../../feeds/proof/tiles.ts";
import { type ReaderSettings, settingsOf } from "../../../feeds/reader/options.ts";
import { send } from "../../../feeds/writing/send.ts";
import { FirstAnswer } from "../reading/first-answer.ts";

export type LogSource = {
	/** The signed head of the present log. */
	signedHead(): Promise<string>;
	/** The key that signs heads, according to the source. */
	key(): Promise<string>;
	tile(tile: Tile): Promise<Uint8Array>;
	close(): void;
};

/** Faults in a row that a proof tolerates: a few seconds of them. */
const RETRIES_MAX = 5;

/**
 * A server's log; nothing is held open between two requests. What is no document of the log comes
 * from something on the way, and is asked for again: it must not look as if the log were forged.
 */
export class ServerSource implements LogSource {
	readonly #base: string;
	readonly #settings: ReaderSettings;

	/** @param url the server's, with or without a slash at the end */
	constructor(url: string, headers: Readonly<Record<string, string>>) {
		this.#base = `${url.replace(/\/+$/, "")}/log`;
		const { fetch, onRetry } = new FirstAnswer(url, false);
		// The tree is that of all events.
		const address = { url, stream: "$all", headers, retriesMax: RETRIES_MAX };
		this.#settings = settingsOf({ ...address, fetch, onRetry });
	}

	async signedHead(): Promise<string> {
		return textOf(await this.#get("checkpoint", (answer) => isText(answer, readCheckpoint)));
	}

	async key(): Promise<string> {
		const isKey = (answer: Answer) => isText(answer, (text) => parseKey(text.trim()));
		return textOf(await this.#get("key", isKey)).trim();
	}

	tile(tile: Tile): Promise<Uint8Array> {
		return this.#get(`tile/${tilePath(tile)}`, (answer) => isTile(answer, tile));
	}

	close(): void {}

	/** @throws WriteError `refused`, `unanswered` */
	async #get(path: string, isOurs: (answer: Answer) => boolean): Promise<Uint8Array> {
		const isDone = (answer: Answer) => answer.status === 200 && isOurs(answer);
		const attempt = { url: `${this.#base}/${path}`, headers: {}, isDone };
		const { answer } = await send(attempt, this.#settings);
		return answer.body ?? new Uint8Array(0);
	}
}

/** Whether the body has as many hashes or leaves as the tile; the proof shows if they are right. */
function isTile({ headers, body }: Answer, { level, width }: Tile): boolean {
	const type = mediaTypeOf(headers.get("content-type"));
	if (type !== "application/octet-stream" || body === undefined) return false;
	if (level !== "entries") return body.length === width * HASH_BYTES;
	try {
		return leavesOf(body).length === width;
	} catch {
		return false;
	}
}

/** Whether the body is a text of a form that `read` accepts. */
function isText({ headers, body }: Answer, read: (text: string) => unknown): boolean {
	if (mediaTypeOf(headers.get("content-type")) !== "text/plain") return false;
	try {
		read(textOf(body));
		return true;
	} catch {
		return false;
	}
}

function textOf(body: Uint8Array | undefined): string {
	return new TextDecoder().decode(body);
}
