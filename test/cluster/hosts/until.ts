/** Waits for what must come true, and says what did not. */
import { setTimeout as sleep } from "node:timers/promises";

const LOOK_MS = 100;
/** A machine that does other things may take long for anything. */
const SECONDS = 400;

/** @throws Error if it does not come true in time; with what `holds` says last */
export async function until(
	what: string,
	holds: () => boolean | Promise<boolean>,
	seconds = SECONDS,
): Promise<void> {
	const deadline = performance.now() + seconds * 1000;
	let last: unknown;
	while (performance.now() < deadline) {
		try {
			if (await holds()) return;
		} catch (error) {
			last = error;
		}
		await sleep(LOOK_MS);
	}
	const reason = last === undefined ? "" : ` (${(last as Error).message})`;
	throw new Error(`waited ${seconds} s in vain: ${what}${reason}`);
}
