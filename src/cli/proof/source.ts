/** The source of a proof: the tree of a log, from a server or from a directory. */
import { type Tile, tilePath } from "../../../feeds/proof/tiles.ts";
import { Failure } from "../explain.ts";

export type LogSource = {
	/** The signed head of the present log. */
	signedHead(): Promise<string>;
	/** The key that signs heads, according to the source. */
	key(): Promise<string>;
	tile(tile: Tile): Promise<Uint8Array>;
	close(): void;
};

/** A server's log; nothing is held open between two requests. */
export class ServerSource implements LogSource {
	readonly #base: string;
	readonly #headers: Readonly<Record<string, string>>;

	/** @param url the server's, with or without a slash at the end */
	constructor(url: string, headers: Readonly<Record<string, string>>) {
		this.#base = `${url.replace(/\/+$/, "")}/log`;
		this.#headers = headers;
	}

	signedHead(): Promise<string> {
		return this.#text("checkpoint");
	}

	async key(): Promise<string> {
		return (await this.#text("key")).trim();
	}

	tile(tile: Tile): Promise<Uint8Array> {
		return this.#get(`tile/${tilePath(tile)}`);
	}

	close(): void {}

	async #text(path: string): Promise<string> {
		return new TextDecoder().decode(await this.#get(path));
	}

	async #get(path: string): Promise<Uint8Array> {
		const url = `${this.#base}/${path}`;
		const answer = await fetch(url, { headers: this.#headers });
		if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
		throw new Failure(`${url} answers ${answer.status} ${answer.statusText}`);
	}
}
