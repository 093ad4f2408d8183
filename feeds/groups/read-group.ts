/**
 * Reads a stream as a member of a group: only what belongs to its partitions, in the order of each
 * key. The pages are those that every reader gets, from caches, too; the member keeps what is its.
 *
 * An event counts as handled when the next one is asked for.
 */
import type { ReadEvent } from "../model.ts";
import { type ReaderSettings, settingsOf } from "../reader/options.ts";
import { readStream } from "../reader/read.ts";
import { GroupMember } from "./member.ts";
import { checkHabits, type GroupOptions } from "./options.ts";
import { GroupRequests, wordOf } from "./requests.ts";
import { selectionOf } from "./selection.ts";
import type { Share } from "./share.ts";

/** An event of one of the member's partitions. */
export type GroupEvent = ReadEvent & {
	readonly partition: number;
	/** Of the ownership: keep it with a checkpoint of your own, and refuse a lower one. */
	readonly generation: number;
	/** Aborted when the partition is lost: somebody else may have it now. */
	readonly signal: AbortSignal;
};

/**
 * Joins the group, and hands out events for ever, or until `signal` aborts. It then sends the last
 * checkpoint, and leaves; so does the end of the loop.
 * @throws RangeError, TypeError at once if an option makes no sense
 * @throws WriteError while iterating: the group is not there, or refuses; ReadError as `readStream`
 */
export function readGroup(options: GroupOptions): AsyncGenerator<GroupEvent, void, void> {
	const checkpointMs = checkHabits(options);
	const settings = settingsOf({ ...options, stream: options.stream ?? "$all" });
	const requests = new GroupRequests(settings, options.group);
	return run(
		options,
		settings,
		new GroupMember({ requests, settings, options, checkpointMs }),
		requests,
	);
}

async function* run(
	options: GroupOptions,
	settings: ReaderSettings,
	member: GroupMember,
	requests: GroupRequests,
): AsyncGenerator<GroupEvent, void, void> {
	const signal = options.signal ?? new AbortController().signal;
	try {
		await findGroup(options, requests, signal);
		await member.start();
		while (!signal.aborted) {
			await member.share.takeUp();
			if (member.failure !== undefined) throw member.failure;
			yield* readSome(options, settings, member, signal);
		}
	} catch (error) {
		if (!signal.aborted) throw error;
	} finally {
		await member.stop();
	}
}

/** @throws WriteError, TypeError if the group is of another stream */
async function findGroup(
	options: GroupOptions,
	requests: GroupRequests,
	signal: AbortSignal,
): Promise<void> {
	const { group, stream } = options;
	try {
		const found = await requests.streamOf(signal);
		if (stream === undefined || stream === found) return;
		throw new TypeError(`group ${group} is one of stream ${found}, and not of ${stream}`);
	} catch (error) {
		if (wordOf(error) !== "group-not-found" || stream === undefined) throw error;
		await requests.make(options, signal);
	}
}

/** Reads until something changes. */
async function* readSome(
	options: GroupOptions,
	settings: ReaderSettings,
	member: GroupMember,
	signal: AbortSignal,
): AsyncGenerator<GroupEvent, void, void> {
	const stop = new AbortController();
	const abort = () => stop.abort();
	signal.addEventListener("abort", abort);
	member.onChange(abort);
	const { share } = member;
	const { group, progress } = share;
	try {
		if (signal.aborted || !group) return;
		const { end = Infinity } = group;
		const isIdle = progress.isIdle || progress.next >= end;
		if (isIdle) {
			await settings.sleep(IDLE_MS, stop.signal);
			return;
		}
		const select = selectionOf(group);
		const { stream } = group;
		const { startsOf: _, name: __, ...address } = options;
		const from = progress.next;
		const onHead = (askedMs: number) => passHead(share, askedMs, end);
		const reading = { ...address, stream, from, follow: true, signal: stop.signal, onHead };
		for await (const event of readStream(reading)) {
			if (event.at >= end) {
				progress.passed(end - 1, "left-out");
				return;
			}
			const place = select(event);
			const holding = typeof place === "number" ? share.holdingOf(place) : undefined;
			if (!holding || !progress.isDue(holding.partition, event.at)) {
				progress.passed(event.at, place === "left-out" ? "left-out" : "other");
				continue;
			}
			const { partition, generation } = holding;
			share.inHand = partition;
			yield { ...event, partition, generation, signal: share.signalOf(partition) };
			progress.passed(event.at, "handled");
			member.done();
			if (stop.signal.aborted) return;
		}
	} finally {
		signal.removeEventListener("abort", abort);
		member.onChange(() => undefined);
	}
}

/** A member without work looks again after so long, if nobody wakes it. */
const IDLE_MS = 60_000;

/** What there was when the server was asked, and was not shown, is nobody's. */
function passHead({ head, group, progress }: Share, askedMs: number, end: number): void {
	const { number, heardMs } = head;
	if (heardMs > askedMs || number < progress.next) return;
	// Of `$all`, that may be nothing but checkpoints, which are not worth one.
	const what = group?.stream === "$all" ? "left-out" : "other";
	progress.passed(Math.min(number, end - 1), what);
}
