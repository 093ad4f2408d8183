/**
 * Readers at the tail, as an aggregator runs them: they follow through every crash, and must see
 * each event once, in order.
 */
import { readStream } from "../../../feeds/reader/read.ts";
import { KEPT } from "./clients.ts";
import type { LoggedEvent } from "./oracle.ts";

type Seen = { readonly at: number; readonly position: number; readonly id: string };

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

export function followAll(url: string, base: readonly LoggedEvent[]): Follower[] {
	const category = `$ce-${KEPT[0].split("-")[0]}`;
	return ["$all", category, KEPT[0]].map((stream) => follow(url, stream, base));
}

function follow(url: string, stream: string, base: readonly LoggedEvent[]): Follower {
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
			pollIntervalMs: PATIENCE_MS,
			signal: stop.signal,
			sleep: (delayMs) =>
				new Promise((resolve) => setTimeout(resolve, Math.min(delayMs, PATIENCE_MS))),
		});
		for await (const { at, position, id } of events) {
			seen.push({ at, position, id });
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
			const isThere = () => failure !== undefined || seen.length >= expected.length;
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

function differences(
	stream: string,
	expected: readonly LoggedEvent[],
	seen: readonly Seen[],
): string[] {
	const odd = expected.findIndex((event, index) => {
		const { id, position } = seen[index] ?? {};
		return event.id !== id || event.position !== position;
	});
	const at = odd < 0 && seen.length > expected.length ? expected.length : odd;
	if (at < 0) return [];
	const saw = seen[at] ? `position ${seen[at].position}` : "nothing";
	return [`the reader of ${stream} saw ${saw} where position ${expected[at]?.position} stands`];
}
