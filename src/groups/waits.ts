/** Requests of members that wait until what they have changes: one of each member at a time. */

export class MemberWaits {
	/** By the id of the member: ends its wait. */
	readonly #waiting = new Map<string, () => void>();

	/** Resolves after some time, or as soon as the member is woken, waits again, or goes away. */
	async wait(id: string, waitMs: number, gone: AbortSignal): Promise<void> {
		if (gone.aborted) return;
		this.wake(id);
		await new Promise<void>((resolve) => {
			const wake = () => {
				clearTimeout(timer);
				gone.removeEventListener("abort", wake);
				if (this.#waiting.get(id) === wake) this.#waiting.delete(id);
				resolve();
			};
			const timer = setTimeout(wake, waitMs);
			gone.addEventListener("abort", wake);
			this.#waiting.set(id, wake);
		});
	}

	wake(id: string): void {
		this.#waiting.get(id)?.();
	}

	wakeAll(): void {
		for (const wake of this.#waiting.values()) wake();
	}
}
