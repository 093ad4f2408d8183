/** Which definitions of projections the log has news of. */
import type { Log } from "../../log/log.ts";
import { definedBy, PROJECTIONS_STREAM } from "../names.ts";

/** Listens to the log until it is closed. */
export class Stale {
	/** The names whose definitions are to be read. */
	readonly #names = new Set<string>();
	/** Whether the list of all, and all of them, are to be read. */
	#isListStale = true;
	readonly #stopListening: () => void;

	/** @param onNews is called after each commit, as long as something is to be read */
	constructor(log: Log, onNews: () => void) {
		this.#stopListening = log.onCommit(({ streams }) => {
			for (const stream of streams.keys()) {
				const name = definedBy(stream);
				if (stream === PROJECTIONS_STREAM) this.#isListStale = true;
				else if (name !== undefined) this.#names.add(name);
			}
			if (this.isAny) onNews();
		});
	}

	/** Whether something is to be read. */
	get isAny(): boolean {
		return this.#isListStale || this.#names.size > 0;
	}

	/**
	 * The names to read now.
	 * @returns undefined for all
	 */
	take(): readonly string[] | undefined {
		const names = this.#isListStale ? undefined : [...this.#names];
		this.#isListStale = false;
		this.#names.clear();
		return names;
	}

	/** What was taken could not be read. */
	giveBack(): void {
		this.#isListStale = true;
	}

	/** The definition of a name is known: this server has written it. */
	isKnown(name: string): void {
		this.#names.delete(name);
	}

	close(): void {
		this.#stopListening();
	}
}
