/** Changes that read before they write, one after another. */
export class OneAtATime {
	#last: Promise<unknown> = Promise.resolve();

	/** Runs `change` when all earlier ones are over, however they ended. */
	run<T>(change: () => Promise<T>): Promise<T> {
		const result = this.#last.then(change);
		this.#last = result.catch(() => undefined);
		return result;
	}
}
