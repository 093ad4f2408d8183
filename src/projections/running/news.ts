/** Whether there is something to read, and waiting until there is. */
export class News {
	#has = true;
	#wakeUp: () => void = () => undefined;

	get has(): boolean {
		return this.#has;
	}

	/** What there is will be read now. */
	take(): void {
		this.#has = false;
	}

	tell(): void {
		this.#has = true;
		this.#wakeUp();
	}

	/** Ends the wait, though nothing is new. */
	wake(): void {
		this.#wakeUp();
	}

	/** Resolves when somebody tells or wakes, or the time is over. @param ms Infinity for no time */
	wait(ms: number): Promise<void> {
		return new Promise((resolve) => {
			const isTimed = Number.isFinite(ms);
			const timer = isTimed ? setTimeout(() => this.#wakeUp(), Math.ceil(ms)) : undefined;
			timer?.unref();
			this.#wakeUp = () => {
				clearTimeout(timer);
				this.#wakeUp = () => undefined;
				resolve();
			};
		});
	}
}
