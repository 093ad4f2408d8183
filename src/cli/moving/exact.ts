/**
 * Makes an empty store the copy of the log that a file holds: every event at its place, erased ones
 * too. Lines go to the server as they are, some at a time; before each span stands the root of the
 * tree over all lines before it, so the server can tell whether it holds the same log.
 *
 *     lines the server has ──▶ hashed ──▶ root
 *     lines it has not     ──▶ sent behind that root, and hashed for the next one
 */
import {
	addSubtree,
	createFrontier,
	type Frontier,
	rootOf,
} from "../../../feeds/proof/frontier.ts";
import { Failure } from "../explain.ts";
import { lineFailure } from "../import/event.ts";
import { Tally } from "../import/tally.ts";
import { ask, objectIn, type Reply, type Server } from "./admin.ts";

/** One request: small enough to be written in one step. */
const SPAN_LINES_MAX = 1000;
const SPAN_BYTES_MAX = 2 * 1024 * 1024;
const HASH_BYTES = 32;

/** What the server says of its log, and of its limits for one request. */
export type State = {
	/** How many events it has. */
	readonly next: number;
	/** The number of its history. */
	readonly incarnation: number;
	readonly linesMax: number;
	readonly bodyBytesMax: number;
};

/** What an exact import needs to know of a line; the server checks the rest. */
type Place = {
	readonly position: number;
	readonly hash: Buffer;
	readonly stream: string;
	readonly logIncarnation: number;
};

/** Whether a line is the first one of a whole log. */
export function beginsLog(text: string): boolean {
	return placeIn(text)?.position === 0;
}

/**
 * Asks whether the server takes a log whose first line is given.
 * @returns its state; or why it does not, in words
 */
export async function stateFor(server: Server, first: string): Promise<State | string> {
	const reply = await ask(server, "GET", "/admin/import");
	const state = stateIn(objectIn(reply));
	if (!state) {
		return `the server takes no import that keeps them (${reply.problem?.detail ?? reply.seen})`;
	}
	if (state.next === 0) return state;
	const own = Buffer.from((await ask(server, "GET", "/admin/export?from=0")).body);
	const theirs = placeIn(own.toString("latin1").split("\n", 1)[0] ?? "");
	const ours = placeIn(first);
	if (ours && theirs?.hash.equals(ours.hash)) return state;
	return "the server holds other events already";
}

function stateIn(said: Readonly<Record<string, unknown>> | undefined): State | undefined {
	const names = ["next", "incarnation", "linesMax", "bodyBytesMax"] as const;
	const isWhole = said && names.every((name) => Number.isSafeInteger(said[name]));
	return isWhole ? (said as State) : undefined;
}

type Waiting = { readonly number: number; readonly stream: string; readonly text: string };

export class ExactImport {
	/** What the server has. */
	readonly done = new Tally();
	readonly #server: Server;
	readonly #state: State;
	readonly #linesMax: number;
	readonly #bytesMax: number;
	readonly #frontier: Frontier = createFrontier();
	/** The lines of the next request, and where it begins. */
	#waiting: Waiting[] = [];
	#waitingBytes = 0;
	#root: Buffer = Buffer.alloc(0);
	#from = 0;
	#logIncarnation = 1;

	constructor(server: Server, state: State) {
		this.#server = server;
		this.#state = state;
		this.#linesMax = Math.min(SPAN_LINES_MAX, state.linesMax);
		this.#bytesMax = Math.min(SPAN_BYTES_MAX, state.bodyBytesMax);
	}

	/**
	 * Takes the next line.
	 * @param text in latin1
	 * @throws Failure
	 */
	async take(text: string, number: number): Promise<void> {
		const place = placeIn(text);
		const { size } = this.#frontier;
		if (!place) throw lineFailure(number, "it is no line of an export, as those before it are");
		if (place.position !== size) {
			const what = `its position is ${place.position}, and that of the line before it ${size - 1}`;
			throw lineFailure(number, `${what}; with --renumber the events get new ones`);
		}
		this.#logIncarnation = place.logIncarnation;
		if (size < this.#state.next) {
			this.done.delivered(place.stream, 1, 1);
		} else {
			const bytes = text.length + 1;
			const isFull =
				this.#waiting.length >= this.#linesMax || this.#waitingBytes + bytes > this.#bytesMax;
			if (isFull && this.#waiting.length > 0) await this.#send("");
			if (this.#waiting.length === 0) this.#begin();
			this.#waiting.push({ number, stream: place.stream, text });
			this.#waitingBytes += bytes;
		}
		addSubtree(this.#frontier, place.hash, 0);
	}

	/**
	 * Sends what is left.
	 * @returns whether the server has to be started again: the number of its history was raised
	 */
	async finish(): Promise<boolean> {
		if (this.#waiting.length === 0) this.#begin();
		const raises = this.#logIncarnation > 1;
		await this.#send(raises ? `&incarnation=${this.#logIncarnation}` : "");
		return this.#logIncarnation !== this.#state.incarnation;
	}

	/** How many events the server has behind the last line. */
	get more(): number {
		return Math.max(0, this.#state.next - this.#frontier.size);
	}

	#begin(): void {
		this.#root = rootOf(this.#frontier);
		this.#from = this.#frontier.size;
	}

	async #send(more: string): Promise<void> {
		const lines = this.#waiting;
		const body = Buffer.from(lines.map(({ text }) => `${text}\n`).join(""), "latin1");
		const path = `/admin/import?from=${this.#from}&root=${this.#root.toString("hex")}${more}`;
		const reply = await ask(this.#server, "POST", path, new Uint8Array(body));
		const { written } = objectIn(reply) ?? {};
		if (typeof written !== "number") throw this.#failureOf(reply);
		const known = lines.length - written;
		for (const [index, { stream }] of lines.entries()) {
			this.done.delivered(stream, 1, index < known ? 1 : 0);
		}
		this.#waiting = [];
		this.#waitingBytes = 0;
	}

	#failureOf({ problem, seen }: Reply): Failure {
		if (!problem) return new Failure(`${this.#server.url}: not an answer of Varve: ${seen}`);
		const { line, index, reason } = problem.facts;
		const at = typeof line === "number" ? line - 1 : index;
		const number = typeof at === "number" ? this.#waiting[at]?.number : undefined;
		if (number === undefined) return new Failure(problem.detail);
		return lineFailure(number, typeof reason === "string" ? reason : problem.detail);
	}
}

function placeIn(text: string): Place | undefined {
	try {
		const line = JSON.parse(text) as Partial<Record<string, unknown>>;
		const { position, hash, stream, incarnation = 1, logIncarnation = incarnation } = line;
		if (typeof position !== "number" || typeof stream !== "string") return undefined;
		if (typeof hash !== "string" || typeof logIncarnation !== "number") return undefined;
		const bytes = Buffer.from(hash, "base64");
		if (bytes.length !== HASH_BYTES) return undefined;
		return { position, hash: bytes, stream, logIncarnation };
	} catch {
		return undefined;
	}
}
