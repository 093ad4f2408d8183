/** Those who wait for a run to come further. */
export class Waiters {
	readonly #waiting = new Set<() => void>();

	/** Resolves with the next `wake`, or when nobody waits any more. */
	wait(signal?: AbortSignal): Promise<void> {
		return new Promise((resolve) => {
			const done = () => {
				this.#waiting.delete(done);
				signal?.removeEventListener("abort", done);
				resolve();
			};
			this.#waiting.add(done);
			signal?.addEventListener("abort", done);
		});
	}

	wake(): void {
		for (const done of [...this.#waiting]) done();
	}
}
