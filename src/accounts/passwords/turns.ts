/**
 * Turns for work on passwords. A check takes a thread, tens of megabytes and a tenth of a second,
 * so only two run at a time: the other threads are left to files and names. The rest waits in line,
 * a few from each address, and what finds the line full is refused.
 */
import { Refusal } from "../../errors.ts";

const RUNNING_MAX = 2;
const WAITING_MAX = 64;
/** Nobody fills the line alone; a proxy that reports no addresses counts as one. */
const WAITING_OF_ADDRESS_MAX = 16;
const RETRY_AFTER_SECONDS = 2;

type Waiting = { readonly address: string; readonly start: () => void };

export class Turns {
	readonly #waiting: Waiting[] = [];
	#running = 0;

	/**
	 * Runs `work` when it is its turn.
	 * @param address whose work it is
	 * @throws Refusal `logins-busy`
	 */
	async take<T>(address: string, work: () => Promise<T>): Promise<T> {
		if (this.#running >= RUNNING_MAX) await this.#waitFor(address);
		else this.#running++;
		try {
			return await work();
		} finally {
			// The next one takes over this place.
			const next = this.#waiting.shift();
			if (next) next.start();
			else this.#running--;
		}
	}

	#waitFor(address: string): Promise<void> {
		const own = this.#waiting.filter((one) => one.address === address).length;
		if (this.#waiting.length >= WAITING_MAX || own >= WAITING_OF_ADDRESS_MAX) {
			throw new Refusal("logins-busy", { retryAfterSeconds: RETRY_AFTER_SECONDS });
		}
		return new Promise((start) => {
			this.#waiting.push({ address, start });
		});
	}
}
