/**
 * One connection on which the server tells the last version of many streams (`/log/changes`). If a
 * page wants other streams, this opens another connection, and the server first tells where each of
 * them is.
 */

export type Change = { readonly stream: string; readonly last: number | null };

export type Listener = {
	changed(change: Change): void;
	/** The source calls this when its connection opens, and when it breaks. */
	connected(is: boolean): void;
};

const RETRY_MS = 3000;
/** The source waits so long, so that pages that open together need one request. */
const GATHER_MS = 30;

export class ChangeSource {
	readonly #url: string;
	readonly #listener: Listener;
	readonly #lasts = new Map<string, number | null>();
	#wanted = "";
	#source: EventSource | undefined;
	#timer: ReturnType<typeof setTimeout> | undefined;

	/** @param url of `/log/changes` */
	constructor(url: string, listener: Listener) {
		this.#url = url;
		this.#listener = listener;
	}

	/** The streams to tell of, from now on; none closes the connection. */
	want(streams: ReadonlySet<string>): void {
		const query = new URLSearchParams();
		for (const stream of [...streams].sort()) query.append("stream", stream);
		const wanted = query.toString();
		if (wanted === this.#wanted) return;
		this.#wanted = wanted;
		for (const stream of this.#lasts.keys()) if (!streams.has(stream)) this.#lasts.delete(stream);
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#open(), GATHER_MS);
	}

	/** The version that the server told last of a stream; undefined if it has told none. */
	last(stream: string): number | null | undefined {
		return this.#lasts.get(stream);
	}

	get isConnected(): boolean {
		return this.#source?.readyState === 1;
	}

	#open(): void {
		this.#source?.close();
		this.#source = undefined;
		if (this.#wanted === "") return;
		const source = new EventSource(`${this.#url}?${this.#wanted}`);
		this.#source = source;
		source.onopen = () => this.#listener.connected(true);
		source.onmessage = ({ data }) => {
			const change = JSON.parse(data) as Change;
			if (this.#lasts.get(change.stream) === change.last) return;
			this.#lasts.set(change.stream, change.last);
			this.#listener.changed(change);
		};
		source.onerror = () => {
			this.#listener.connected(false);
			// Refused: an EventSource would not come back by itself.
			if (source.readyState !== 2) return;
			clearTimeout(this.#timer);
			this.#timer = setTimeout(() => this.#open(), RETRY_MS);
		};
	}
}
