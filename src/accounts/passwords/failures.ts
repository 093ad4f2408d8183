/**
 * Failed logins slow down the next ones, per account *and* address together: whoever guesses waits
 * longer and longer, and the account stays open from everywhere else, so nobody locks out `admin`.
 *
 *     1 … 5 failures   nothing
 *     6, 7, 8 …        for 1, 2, 4 … 60 seconds, each login of this account from there is refused
 *
 * An account that does not exist is treated like any other.
 */
import { LRUCache } from "lru-cache";
import { Refusal } from "../../errors.ts";
import { upTo } from "../../up-to.ts";

const FREE = 5;
const WAIT_SECONDS_MAX = 60;
const FORGOTTEN_MS = 15 * 60_000;
/** Each new entry has cost its maker a check; some 2 MB. */
const KEPT_MAX = 10_000;

type Failed = { readonly count: number; readonly untilMs: number };

export class Failures {
	readonly #byKey: LRUCache<string, Failed>;
	readonly #now: () => number;

	/** @param now milliseconds of a clock that never goes back */
	constructor(now: () => number = () => performance.now()) {
		this.#now = now;
		this.#byKey = new LRUCache({ ...upTo(KEPT_MAX), ttl: FORGOTTEN_MS });
	}

	/** @throws Refusal `logins-slowed` */
	check(login: string, address: string): void {
		const { untilMs = 0 } = this.#byKey.get(keyOf(login, address)) ?? {};
		const left = untilMs - this.#now();
		if (left <= 0) return;
		throw new Refusal("logins-slowed", { retryAfterSeconds: Math.ceil(left / 1000) });
	}

	failed(login: string, address: string): void {
		const key = keyOf(login, address);
		const count = (this.#byKey.get(key)?.count ?? 0) + 1;
		const seconds = count <= FREE ? 0 : Math.min(2 ** (count - FREE - 1), WAIT_SECONDS_MAX);
		this.#byKey.set(key, { count, untilMs: this.#now() + seconds * 1000 });
	}

	succeeded(login: string, address: string): void {
		this.#byKey.delete(keyOf(login, address));
	}
}

/** A name of any length must not make a long key. */
function keyOf(login: string, address: string): string {
	return `${address}\n${login.slice(0, 256)}`;
}
