/** How many projections may run on a server, and which of them wait until there is room. */

/** What takes room while it runs. */
export type Runnable = {
	readonly isRunning: boolean;
	/** Whether it waits for room. */
	readonly isHeld: boolean;
	start(): void;
	hold(reason: string, isHeld?: boolean): void;
	stop(saves: boolean): Promise<void>;
};

export type RunningLimit = {
	/** How many may run on this server at a time; 0 for a server that runs none. */
	readonly projectionsRunningMax: number;
};

export class RunningRoom {
	readonly #limit: RunningLimit;
	readonly #everyone: () => readonly Runnable[];

	/**
	 * @param limit is asked each time: with the leader it changes
	 * @param everyone gives all that there are, whoever comes first has the first free place
	 */
	constructor(limit: RunningLimit, everyone: () => readonly Runnable[]) {
		this.#limit = limit;
		this.#everyone = everyone;
	}

	/** How many run. */
	get taken(): number {
		return this.#everyone().filter((one) => one.isRunning).length;
	}

	/** Whether any waits. */
	get isAwaited(): boolean {
		return this.#everyone().some((one) => one.isHeld);
	}

	/** Whether this server runs any at all. */
	get isAny(): boolean {
		return this.#limit.projectionsRunningMax > 0;
	}

	/** Lets one run if there is room; as soon as there is, if not. */
	start(one: Runnable): void {
		const { projectionsRunningMax: limit } = this.#limit;
		if (one.isRunning || this.taken < limit) one.start();
		else if (limit === 0) one.hold("This server runs no projections.", false);
		else one.hold(`This server runs ${limit} projections already, and no more.`);
	}

	/**
	 * Stops one for a change of what it is. If that is refused, it goes on as it was.
	 * @param saves whether it writes down how far it is
	 */
	async whileStopped(one: Runnable, saves: boolean, work: () => Promise<void>): Promise<void> {
		const { isRunning } = one;
		if (isRunning) await one.stop(saves);
		try {
			await work();
		} catch (error) {
			if (isRunning) this.start(one);
			throw error;
		}
	}

	/** Lets those run that wait, as far as there is room. */
	fill(): void {
		for (const one of this.#everyone()) {
			if (!one.isHeld) continue;
			if (this.taken >= this.#limit.projectionsRunningMax) return;
			one.start();
		}
	}
}
