/** Doing again what the log refuses for reasons that pass by themselves. */
import { setTimeout as sleep } from "node:timers/promises";
import { isRefusal } from "../../errors.ts";

/** A log that refuses for now is asked again after so long, and after ever longer. */
const AGAIN_MS = 50;
const AGAIN_MS_MAX = 5000;

const PASSING: ReadonlySet<string> = new Set([
	"overloaded",
	"disk-full",
	"insufficient-storage",
	"log-locked",
	"request-timeout",
]);

/**
 * @param signal ends the trying
 * @param told hears what keeps it from being done; undefined when it is done
 */
export async function whilePassing<T>(
	work: () => Promise<T>,
	signal: AbortSignal,
	told: (reason: string | undefined) => void,
): Promise<T> {
	for (let pauseMs = AGAIN_MS; ; pauseMs = Math.min(AGAIN_MS_MAX, 2 * pauseMs)) {
		try {
			const done = await work();
			told(undefined);
			return done;
		} catch (error) {
			if (!isRefusal(error) || !PASSING.has(error.word) || signal.aborted) throw error;
			told(error.message);
			await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
		}
	}
}
