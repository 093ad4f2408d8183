/** The listeners to the commits of a log: the same order and the same end for every engine. */
import type { Commit } from "../commit.ts";

type Registered = { readonly listener: (commit: Commit) => void };

export class Listeners {
	#registered: readonly Registered[] = [];

	/** As `Log.onCommit`; a listener that is added twice is called twice. */
	add(listener: (commit: Commit) => void): () => void {
		const registered = { listener };
		this.#registered = [...this.#registered, registered];
		return () => {
			this.#registered = this.#registered.filter((one) => one !== registered);
		};
	}

	/** Calls the listeners that were registered before this commit and have not stopped. */
	tell(commit: Commit): void {
		for (const one of this.#registered) {
			if (this.#registered.includes(one)) one.listener(commit);
		}
	}
}
