/** Keeps the states of a projection that is asked once, and forgotten with the server. */
import {
	type Checkpoint,
	checkPartitions,
	type Keeper,
	type StateText,
	TooMuchState,
} from "./keeper.ts";
import { NameOrder } from "./order.ts";

/** Queries are for looking: what is larger than this is a projection that has to be kept. */
const BYTES_MAX = 64 * 1024 * 1024;

export class InMemory implements Keeper {
	readonly #states = new Map<string, StateText>();
	readonly #order = new NameOrder();
	#bytes = 0;
	checkpoint: Checkpoint | undefined;

	get size(): number {
		return this.#states.size;
	}

	partitions(): Iterable<string> {
		return this.#states.keys();
	}

	ordered(): Promise<readonly string[]> {
		return this.#order.names(() => this.#states.keys());
	}

	async load(): Promise<void> {
		// Nothing but this process has written to it.
	}

	async state(partition: string): Promise<StateText | undefined> {
		return this.#states.get(partition);
	}

	async save(checkpoint: Checkpoint, changed: ReadonlyMap<string, StateText>): Promise<void> {
		this.take(changed);
		this.checkpoint = checkpoint;
	}

	/** @throws TooMuchState */
	take(changed: ReadonlyMap<string, StateText>): void {
		for (const [partition, text] of changed) {
			this.#bytes += lengthOf(text) - lengthOf(this.#states.get(partition));
			if (!this.#states.has(partition)) this.#order.add(partition);
			this.#states.set(partition, text);
		}
		checkPartitions(this.#states.size);
		if (this.#bytes > BYTES_MAX) {
			throw new TooMuchState(
				`The states of a query take at most ${BYTES_MAX} bytes; a projection of mode OneTime keeps more.`,
			);
		}
	}

	async clear(): Promise<void> {
		this.#states.clear();
		this.#order.clear();
		this.#bytes = 0;
		this.checkpoint = undefined;
	}
}

function lengthOf(text: StateText | undefined): number {
	return text === undefined ? 0 : text.state.length + (text.result?.length ?? 0);
}
