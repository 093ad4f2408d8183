/**
 * The statistics that tools of EventStore ask for (contract 10.3), in its names. What this server
 * has nothing like is 0: tools fail over a name that is missing. `/metrics` tells more.
 */
import { resolve } from "node:path";
import { ALL } from "../../event.ts";
import type { Histogram } from "../../observe/numbers/histogram.ts";
import { type StatTree, stat } from "../../observe/numbers/stat-tree.ts";
import type { Context } from "../context.ts";
import { type MachineSeconds, machineSeconds, processStats, systemStats } from "./machine.ts";
import { countOf } from "./metrics.ts";

/** Contract 10.3: no more often than once a second. */
const KEPT_MS = 1000;

/** Counts at some moment; speeds are made of their differences. */
type Moment = {
	readonly seconds: number;
	readonly machine: MachineSeconds;
	readonly appends: Work;
	readonly reads: Work;
	readonly received: number;
	readonly sent: number;
};

type Work = { readonly count: number; readonly busySeconds: number };

/** The statistics of one server. */
export class ServerStats {
	readonly #context: () => Context;
	#before: Moment | undefined;
	#takenMs = Number.NEGATIVE_INFINITY;
	#taken: Promise<StatTree> | undefined;

	/** @param context asked for when statistics are */
	constructor(context: () => Context) {
		this.#context = context;
	}

	/** The statistics, at most a second old. */
	readonly tree = (): Promise<StatTree> => {
		const nowMs = performance.now();
		if (this.#taken === undefined || nowMs - this.#takenMs >= KEPT_MS) {
			this.#takenMs = nowMs;
			this.#taken = this.#take();
		}
		return this.#taken;
	};

	async #take(): Promise<StatTree> {
		const context = this.#context();
		const now = momentOf(context);
		const added = since(this.#before, now);
		this.#before = now;
		const events = (await countOf(context.log, ALL)) ?? 0;
		return {
			proc: { ...processStats(added.machine, added.seconds), tcp: connections(context, added) },
			sys: await systemStats(added.machine, resolve(context.settings.data)),
			es: {
				checksum: stat("Events in the log", events),
				checksumNonFlushed: stat("Events in the log", events),
				queue: queues(context, added),
				writer: writer(context),
				readIndex: readIndex(context),
			},
		};
	}
}

function momentOf({ measured, sockets }: Context): Moment {
	const { appendSeconds, commitSeconds, readSeconds } = measured.activity;
	const { received, sent } = sockets();
	return {
		seconds: process.uptime(),
		machine: machineSeconds(),
		appends: { count: appendSeconds.total, busySeconds: commitSeconds.sum },
		reads: { count: readSeconds.total, busySeconds: readSeconds.sum },
		received,
		sent,
	};
}

/** At the first time, since everything began. */
function since(before: Moment | undefined, now: Moment): Moment {
	if (before === undefined) return now;
	const work = (then: Work, { count, busySeconds }: Work) => {
		return { count: count - then.count, busySeconds: busySeconds - then.busySeconds };
	};
	return {
		seconds: now.seconds - before.seconds,
		machine: {
			process: now.machine.process - before.machine.process,
			all: now.machine.all - before.machine.all,
			busy: now.machine.busy - before.machine.busy,
		},
		appends: work(before.appends, now.appends),
		reads: work(before.reads, now.reads),
		received: now.received - before.received,
		sent: now.sent - before.sent,
	};
}

function connections({ sockets }: Context, { received, sent, seconds }: Moment): StatTree {
	const now = sockets();
	return {
		connections: stat("Open connections", now.open),
		receivingSpeed: stat("Bytes received a second", rate(received, seconds)),
		sendingSpeed: stat("Bytes sent a second", rate(sent, seconds)),
		inSend: stat("Bytes being sent", 0),
		measureTime: stat("The time that the speeds are of", clockText(seconds)),
		pendingReceived: stat("Bytes received and not read", 0),
		pendingSend: stat("Bytes that wait to be sent", 0),
		receivedBytesSinceLastRun: stat("Bytes received in that time", received),
		receivedBytesTotal: stat("Bytes received", now.received),
		sentBytesSinceLastRun: stat("Bytes sent in that time", sent),
		sentBytesTotal: stat("Bytes sent", now.sent),
	};
}

function queues({ measured }: Context, { appends, reads, seconds }: Moment): StatTree {
	const { waiting, peaks, appendSeconds, readSeconds } = measured.activity;
	const append = { length: waiting.appends, peak: peaks.appends, total: appendSeconds };
	const read = { length: 0, peak: 0, total: readSeconds };
	return {
		StorageWriterQueue: queue("StorageWriterQueue", append, appends, seconds),
		StorageReaderQueue: queue("StorageReaderQueue", read, reads, seconds),
	};
}

type Queue = { readonly length: number; readonly peak: number; readonly total: Histogram };

function queue(
	name: string,
	{ length, peak, total }: Queue,
	added: Work,
	seconds: number,
): StatTree {
	const { count, busySeconds } = added;
	const idlePercent = seconds > 0 ? Math.max(0, 100 - (busySeconds / seconds) * 100) : 100;
	return {
		queueName: stat("Name", name),
		groupName: stat("Group", ""),
		avgItemsPerSecond: stat("Items a second", Math.round(rate(count, seconds))),
		avgProcessingTime: stat("Milliseconds an item", rate(busySeconds * 1000, count)),
		currentIdleTime: stat("Time without work", clockText(0)),
		currentItemProcessingTime: stat("Time of the item under way", clockText(0)),
		idleTimePercent: stat("Time without work, in percent", idlePercent),
		length: stat("Items that wait", length),
		lengthCurrentTryPeak: stat("Most items that waited lately", length),
		lengthLifetimePeak: stat("Most items that ever waited", peak),
		totalItemsProcessed: stat("Items in all", total.total),
		inProgressMessage: stat("The item under way", "<none>"),
		lastProcessedMessage: stat("The last item", "<none>"),
	};
}

function writer({ measured }: Context): StatTree {
	const { commitSeconds, syncSeconds, written, waiting, flushes } = measured.activity;
	const commits = commitSeconds.total;
	return {
		lastFlushSize: stat("Bytes of the last commit", flushes.lastBytes),
		lastFlushDelayMs: stat("Milliseconds of the last sync", flushes.lastMs),
		meanFlushSize: stat("Bytes of a commit", Math.round(rate(written.bytes, commits))),
		meanFlushDelayMs: stat("Milliseconds of a sync", rate(syncSeconds.sum * 1000, commits)),
		maxFlushSize: stat("Most bytes of a commit", flushes.maxBytes),
		maxFlushDelayMs: stat("Milliseconds of the longest sync", flushes.maxMs),
		queuedFlushMessages: stat("Appends that wait", waiting.appends),
	};
}

/** A record is a document here: a page or an event. */
function readIndex({ documents }: Context): StatTree {
	const { hits, misses } = documents.asked;
	return {
		cachedRecord: stat("Documents from memory", hits),
		notCachedRecord: stat("Documents that were made", misses),
		cachedStreamInfo: stat("Streams from memory", 0),
		notCachedStreamInfo: stat("Streams that were read", 0),
		cachedTransInfo: stat("Transactions from memory", 0),
		notCachedTransInfo: stat("Transactions that were read", 0),
	};
}

/** 0 for what is in no time, or of nothing. */
function rate(count: number, of: number): number {
	return of > 0 ? count / of : 0;
}

/** `00:00:01.5000000`, as .NET writes a span of time. */
function clockText(seconds: number): string {
	const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
	const days = seconds >= 86_400 ? `${Math.floor(seconds / 86_400)}.` : "";
	const clock = [two((seconds / 3600) % 24), two((seconds / 60) % 60), two(seconds % 60)];
	const fraction = String(Math.floor((seconds % 1) * 1e7)).padStart(7, "0");
	return `${days}${clock.join(":")}.${fraction}`;
}
