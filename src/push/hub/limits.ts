/**
 * How much the hub does for requests of strangers: each makes it send a request to a callback that
 * the stranger has chosen, so without limits it would be a tool for floods.
 */
import { Refusal } from "../../errors.ts";
import { hostOf } from "../targets/target.ts";

const SUBSCRIBERS_MAX = 10_000;
/** Subscribers of one callback host. */
const OF_HOST_MAX = 100;
/** Callbacks that are asked at a time. */
const PENDING_MAX = 50;
/** Requests for one callback host in a span of time. */
const REQUESTS_MAX = 20;
const SPAN_MS = 60_000;
const HOSTS_MAX = 10_000;

export class HubLimits {
	readonly #requests = new Map<string, { sinceMs: number; count: number }>();

	/**
	 * @param known callbacks of subscribers that there are
	 * @param isKnown whether the request is about one of them
	 * @throws Refusal `overloaded`
	 */
	check(
		callback: string,
		known: Iterable<string>,
		{ isKnown, pending, nowMs }: { isKnown: boolean; pending: number; nowMs: number },
	): void {
		if (pending >= PENDING_MAX) throw overloaded("callbacks to ask", PENDING_MAX, 1);
		this.#count(hostOf(callback), nowMs);
		if (isKnown) return;
		const host = hostOf(callback);
		let all = 0;
		let ofHost = 0;
		for (const one of known) {
			all++;
			// Few have to be parsed: this runs for each request of a stranger.
			if (one.includes(host) && hostOf(one) === host) ofHost++;
		}
		if (all >= SUBSCRIBERS_MAX) throw overloaded("subscribers", SUBSCRIBERS_MAX, 3600);
		if (ofHost >= OF_HOST_MAX) throw overloaded("subscribers of this host", OF_HOST_MAX, 3600);
	}

	#count(host: string, nowMs: number): void {
		const known = this.#requests.get(host);
		const isOver = known === undefined || nowMs - known.sinceMs >= SPAN_MS;
		const requests = isOver ? { sinceMs: nowMs, count: 0 } : known;
		if (requests.count >= REQUESTS_MAX) {
			throw overloaded("requests for this host", REQUESTS_MAX, SPAN_MS / 1000);
		}
		requests.count++;
		this.#requests.delete(host);
		this.#requests.set(host, requests);
		if (this.#requests.size > HOSTS_MAX) {
			const [oldest] = this.#requests.keys();
			if (oldest !== undefined) this.#requests.delete(oldest);
		}
	}
}

function overloaded(queue: string, limit: number, retryAfterSeconds: number): Refusal {
	return new Refusal("overloaded", { queue, limit, retryAfterSeconds });
}
