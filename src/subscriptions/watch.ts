/** Waiting, for some time at most, until a stream grows or somebody wakes whoever waits. */
import type { StreamName } from "../event.ts";
import type { LongPolls } from "../following/long-polls.ts";
import type { Log } from "../log/log.ts";

/** Where a request waits: among the long polls, or among the readers that stay connected. */
export type WaitingRoom = Pick<LongPolls, "waitBeyond">;

type Grows = {
	readonly log: Log;
	readonly stream: StreamName;
	/** The last number that was read. */
	readonly known: number;
};

/** Given as the reason of an abort: one that is made anew has a stack trace, and costs more. */
const WOKEN = new Error("woken");

export async function untilGrown(
	{ log, stream, known }: Grows,
	room: WaitingRoom,
	waitMs: number,
	signal: AbortSignal,
): Promise<void> {
	// A long poll of a stream that was deleted for ever ends at once, and nothing comes there.
	const isThere = await log.last(stream).then(
		() => true,
		() => false,
	);
	await (isThere ? room.waitBeyond(stream, known, waitMs, signal) : pause(waitMs, signal));
}

/** Those who wait for the same thing. */
export class Waiters {
	readonly #wakes = new Map<() => void, () => boolean>();

	/**
	 * Waits for some time at most, until `wake` is called, or until its client is gone.
	 * @param isMeant whether a call of `wake` is of use to it
	 */
	async wait(waitMs: number, gone: AbortSignal, isMeant = () => true): Promise<void> {
		if (gone.aborted) return;
		await new Promise<void>((resolve) => {
			const end = () => {
				this.#wakes.delete(end);
				clearTimeout(timer);
				gone.removeEventListener("abort", end);
				resolve();
			};
			const timer = setTimeout(end, waitMs);
			gone.addEventListener("abort", end);
			this.#wakes.set(end, isMeant);
		});
	}

	/** As `wait`, for something that ends early if its signal is aborted. */
	async during(gone: AbortSignal, wait: (signal: AbortSignal) => Promise<void>): Promise<void> {
		if (gone.aborted) return;
		const over = new AbortController();
		const end = () => over.abort(WOKEN);
		gone.addEventListener("abort", end);
		this.#wakes.set(end, () => true);
		try {
			await wait(over.signal);
		} finally {
			this.#wakes.delete(end);
			gone.removeEventListener("abort", end);
		}
	}

	wake(): void {
		for (const [end, isMeant] of this.#wakes) if (isMeant()) end();
	}
}

/** Resolves after some time, or as soon as it is told to. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
	return new Waiters().wait(ms, signal);
}
