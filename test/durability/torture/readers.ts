/**
 * Readers at the tail, as an aggregator runs them: they follow through every crash, and must see
 * each event once, in order.
 */
import { readStream } from "../../../feeds/reader/read.ts";
import { KEPT } from "./clients.ts";
import type { LoggedEvent } from "./oracle.ts";

type Seen = { readonly position: number; readonly id: string; readonly data: Uint8Array };

export type Follower = {
	readonly stream: string;
	readonly seen: readonly Seen[];
	/** When the newest of them came, by the clock all processes share. */
	readonly seenAt: readonly bigint[];
	/** What is wrong, once it has seen all of the log; waits for that. */
	faults(log: readonly LoggedEvent[]): Promise<string[]>;
	stop(): Promise<void>;
};

/** A server that is being started again is asked every few milliseconds, not after seconds. */
const PATIENCE_MS = 25;
const DEADLINE_MS = 30_000;

/** @param patienceMs between two questions to a server that is gone, at most */
export function followAll(
	url: string,
	base: readonly LoggedEvent[],
	patienceMs = PATIENCE_MS,
): Follower[] {
	const category = `$ce-${KEPT[0].split("-")[0]}`;
	return ["$all", category, KEPT[0]].map((stream) => follow(url, stream, base, patienceMs));
}

function follow(
	url: string,
	stream: string,
	base: readonly LoggedEvent[],
	patienceMs: number,
): Follower {
	const before = belonging(stream, base).length;
	const seen: Seen[] = [];
	const seenAt: bigint[] = [];
	const stop = new AbortController();
	let wake = () => {};
	let failure: unknown;
	const reading = (async () => {
		const events = readStream({
			url,
			stream,
			from: before,
			follow: true,
			longPollSeconds: 30,
			pollIntervalMs: patienceMs,
			signal: stop.signal,
			sleep: (delayMs) =>
				new Promise((resolve) => setTimeout(resolve, Math.min(delayMs, patienceMs))),
		});
		for await (const { position, id, data } of events) {
			seen.push({ position, id, data });
			seenAt.push(process.hrtime.bigint());
			wake();
		}
	})().catch((error: unknown) => {
		failure = error;
		wake();
	});

	return {
		stream,
		seen,
		seenAt,
		async faults(log) {
			const expected = belonging(stream, log).slice(before);
			const last = expected.findLast(({ erased }) => erased !== "scavenged")?.position ?? -1;
			const isThere = () => failure !== undefined || (seen.at(-1)?.position ?? -1) >= last;
			await new Promise<void>((resolve) => {
				const timer = setTimeout(resolve, DEADLINE_MS);
				wake = () => {
					if (!isThere()) return;
					clearTimeout(timer);
					resolve();
				};
				wake();
			});
			if (failure !== undefined) return [`the reader of ${stream} gave up: ${failure}`];
			return differences(stream, expected, seen);
		},
		async stop() {
			stop.abort();
			await reading;
		},
	};
}

/** The events of the log that stand in a stream. */
function belonging(stream: string, log: readonly LoggedEvent[]): LoggedEvent[] {
	if (stream === "$all") return [...log];
	const category = /^\$ce-(.*)$/.exec(stream)?.[1];
	return log.filter((event) =>
		category === undefined ? event.stream === stream : event.stream.startsWith(`${category}-`),
	);
}

/** What was scavenged may have been seen before, and need not be seen any more. */
function differences(
	stream: string,
	expected: readonly LoggedEvent[],
	seen: readonly Seen[],
): string[] {
	let next = 0;
	for (const event of expected) {
		const found = seen[next];
		if (found?.id === event.id && found.position === event.position) {
			const isSame = event.erased !== undefined || Buffer.compare(found.data, event.data) === 0;
			if (!isSame) return [`the reader of ${stream} saw other data at position ${event.position}`];
			next++;
		} else if (event.erased !== "scavenged") {
			const saw = found ? `position ${found.position}` : "nothing";
			return [`the reader of ${stream} saw ${saw} where position ${event.position} stands`];
		}
	}
	const more = seen[next];
	return more ? [`the reader of ${stream} saw position ${more.position}, which is not there`] : [];
}
