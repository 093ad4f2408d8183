/**
 * Whether the clock of the server is behind the log.
 *
 * `created` never falls. So after one append under a clock that was ahead, all events get the time
 * of that one until the clock has caught up: in the worst case for years. Nothing is lost, but what
 * counts from `created` is off meanwhile: `$maxAge` hides these events later, by as much as the
 * clock was ahead. Whoever has to delete in time must hear of it.
 */
import { ALL, type Version } from "../../event.ts";
import type { Log } from "../log.ts";

/** Clocks of the servers of one log differ by less, and time servers correct them by less. */
export const TOLERANCE_MS = 60_000;

export type Clock = {
	/** How far the clock is behind the newest event, in whole seconds; 0 for less than a minute. */
	readonly behindSeconds: number;
	/** The time of the newest event, in milliseconds since 1970; 0 if there is none. */
	readonly newest: number;
};

/**
 * @param now the clock, in milliseconds since 1970
 * @throws Refusal as `Log.read`
 */
export async function readClock(log: Pick<Log, "read">, now = Date.now()): Promise<Clock> {
	const newest = await newestTime(log, "head");
	const behindMs = newest - now;
	const behindSeconds = behindMs < TOLERANCE_MS ? 0 : Math.ceil(behindMs / 1000);
	return { behindSeconds, newest };
}

/** Says what a clock that is behind means; undefined if it is not. */
export function clockWarning({ behindSeconds, newest }: Clock): string | undefined {
	if (behindSeconds === 0) return undefined;
	const until = new Date(newest).toISOString();
	return (
		`the clock is ${behindSeconds} s behind the newest event of the log, which is of ${until}. ` +
		"Until the clock is there, all events get that time, and $maxAge hides them that much later. " +
		"See docs/operations.md, When the clock was wrong."
	);
}

/** Events of the head may have been scavenged; the newest that is left is no younger than they. */
async function newestTime(log: Pick<Log, "read">, from: Version | "head"): Promise<number> {
	const range = { stream: ALL, from, limit: 1, direction: "backward", content: false } as const;
	const { entries, gap } = await log.read(range);
	const [newest] = entries;
	if (newest) return newest.event.created;
	return gap && Number(gap.first) > 0 ? newestTime(log, Number(gap.first) - 1) : 0;
}
