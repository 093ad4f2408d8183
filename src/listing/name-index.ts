/**
 * An index of the names of streams, for lists of those that contain a text: see `name-blocks.ts`.
 * It is begun when somebody first asks, and built in small steps between other requests. It hears
 * of each commit that makes a stream, so what it holds is never older than the last commit.
 */
import { setImmediate } from "node:timers/promises";
import { isRefusal } from "../errors.ts";
import { STREAMS } from "../indexes/joins.ts";
import type { Commit, Log } from "../log/log.ts";
import { NameBlocks, RUN } from "./name-blocks.ts";
import { rangesOf, type Span } from "./names.ts";

/** A millisecond of reading and hashing. */
const STEP = 200;

export class NameIndex {
	readonly #log: Log;
	readonly #stopListening: () => void;
	#complete: NameBlocks | undefined;
	#building: NameBlocks | undefined;
	#isBuilding = false;
	#isClosed = false;

	constructor(log: Log) {
		this.#log = log;
		this.#stopListening = log.onCommit((commit) => this.#follow(commit));
	}

	/**
	 * The parts of a range that may have names with the text, in order. The first call begins the
	 * index.
	 * @returns undefined as long as it cannot say, of a text that is too short, and of the names of
	 * system streams, which it does not have
	 */
	narrow(span: Span, text: string): Span[] | undefined {
		if (text.length < RUN || span.from.startsWith("$")) return undefined;
		if (!this.#isBuilding && (this.#complete?.hasGrown ?? true)) void this.#build();
		return this.#complete?.narrow(span, text);
	}

	/** How many names it has, and whether it has all. */
	progress(): { readonly streams: number; readonly isComplete: boolean } {
		const { names = 0 } = this.#complete ?? this.#building ?? {};
		return { streams: names, isComplete: this.#complete !== undefined };
	}

	close(): void {
		this.#isClosed = true;
		this.#stopListening();
		this.#complete = undefined;
	}

	async #build(): Promise<void> {
		this.#isBuilding = true;
		try {
			const blocks = new NameBlocks(Number(await this.#log.last(STREAMS)) + 1);
			// What commits add from now on, it hears or reads.
			this.#building = blocks;
			for (const span of rangesOf("", undefined)) await this.#add(blocks, span);
			if (!this.#isClosed) this.#complete = blocks;
		} catch (error) {
			// Damaged, or closing: without the index, all names are looked at.
			if (!isRefusal(error)) throw error;
		} finally {
			this.#building = undefined;
			this.#isBuilding = false;
		}
	}

	async #add(blocks: NameBlocks, { from: first, before }: Span): Promise<void> {
		let from = first;
		while (!this.#isClosed) {
			const names = await this.#log.names({ from, before, limit: STEP });
			for (const name of names) blocks.add(name);
			const last = names.at(-1);
			if (last === undefined) return blocks.reach(before);
			from = `${last}\0`;
			await setImmediate();
		}
	}

	/** Each stream has an entry in the list of streams from its first event on. */
	#follow({ streams }: Commit): void {
		if (!streams.has(STREAMS)) return;
		for (const name of streams.keys()) {
			if (name.startsWith("$")) continue;
			this.#complete?.insert(name);
			this.#building?.insert(name);
		}
	}
}
