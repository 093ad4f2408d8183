/**
 * The metrics of a server, made when somebody asks for them from numbers that are counted anyway.
 *
 * Names follow the conventions of Prometheus: base units (seconds, bytes), and `_total` behind what
 * only grows. The values of labels are from lists of ours, so no client can make more series; only
 * subscriptions and groups, which operators make, and positions of users are told by name.
 */
import { isRefusal } from "../../errors.ts";
import { ALL } from "../../event.ts";
import { STREAMS } from "../../indexes/joins.ts";
import type { StandbyState } from "../../observe/numbers/log-activity.ts";
import {
	byLabel,
	counter,
	gauge,
	histogram,
	type Metric,
	type Reading,
} from "../../observe/numbers/metric.ts";
import { processMetrics } from "../../observe/numbers/process.ts";
import { OUTCOMES, type RouteNumbers } from "../../observe/numbers/requests.ts";
import type { Context } from "../context.ts";
import { projectionMetrics } from "./projections.ts";
import { pushMetrics } from "./push.ts";
import { groupMetrics, positionMetrics } from "./readers.ts";
import { subscriptionMetrics } from "./subscriptions.ts";

/** @param version of the server */
export async function metricsOf(context: Context, version: string): Promise<Metric[]> {
	const isReady = context.unready() === undefined;
	const build = { version, node: process.version };
	return [
		gauge("varve_build_info", "The version of the server; always 1.", [
			{ value: 1, labels: build },
		]),
		gauge(
			"varve_ready",
			"1 if the server takes requests; 0 if its writer has stopped, or it stops.",
			Number(isReady),
		),
		...requestMetrics(context),
		...(await logMetrics(context)),
		...appendMetrics(context),
		...cacheMetrics(context),
		...readerMetrics(context),
		...(await subscriptionMetrics(context)),
		...(await positionMetrics(context)),
		...(await groupMetrics(context)),
		...(await projectionMetrics(context)),
		...(await pushMetrics(context)),
		...(await upkeepMetrics(context)),
		...processMetrics(),
	];
}

function requestMetrics({ requestNumbers, sockets, settings }: Context): Metric[] {
	const routes = requestNumbers.all();
	const { open, received, sent } = sockets();
	return [
		counter(
			"varve_http_requests_total",
			"Requests by route, method and outcome.",
			routes.flatMap(answersOf),
		),
		histogram(
			"varve_http_request_duration_seconds",
			"From a request to the head of its answer; without requests that waited for an event.",
			routes.flatMap(secondsOf),
		),
		gauge("varve_http_connections", "Open connections.", open),
		gauge("varve_http_connections_max", "Connections that may be open.", settings.connectionsMax),
		counter("varve_http_received_bytes_total", "Bytes that clients sent.", received),
		counter("varve_http_sent_bytes_total", "Bytes that clients were sent.", sent),
	];
}

function answersOf({ method, route, answers }: RouteNumbers): Reading[] {
	return OUTCOMES.flatMap((status, outcome) => {
		const value = answers[outcome] ?? 0;
		return value === 0 ? [] : [{ value, labels: { method, route, status } }];
	});
}

function secondsOf({ method, route, seconds }: RouteNumbers): Reading[] {
	return OUTCOMES.flatMap((status, outcome) => {
		const value = seconds[outcome];
		return value === undefined ? [] : [{ value, labels: { method, route, status } }];
	});
}

async function logMetrics({ log, measured, room }: Context): Promise<Metric[]> {
	const { database, wal } = await measured.fileSizes();
	const disk = room.state();
	return [
		gauge("varve_log_events", "Events in the log.", await countOf(log, ALL)),
		gauge("varve_log_streams", "Streams in the log.", await countOf(log, STREAMS)),
		counter(
			"varve_log_erasures_total",
			"Transactions that erased content, since the log began.",
			log.erasures,
		),
		gauge(
			"varve_log_database_bytes",
			"Size of the database of the log. Left out while it does not tell.",
			database,
		),
		gauge(
			"varve_log_wal_bytes",
			"Size of its write-ahead log. Left out over PostgreSQL, whose servers have their own.",
			wal,
		),
		gauge(
			"varve_log_standby",
			"1 if commits wait for a synchronous standby, 0 if they should and do not. Left out where none is expected.",
			standbyNumber(measured.standby?.()),
		),
		gauge("varve_disk_free_bytes", "Free bytes on the disk of the log.", disk?.freeBytes),
		gauge(
			"varve_disk_free_min_bytes",
			"Free bytes below which appends are refused.",
			disk?.freeBytesMin,
		),
		histogram(
			"varve_log_read_duration_seconds",
			"Reads of the log.",
			measured.activity.readSeconds,
		),
	];
}

function standbyNumber(standby: StandbyState | undefined): number | undefined {
	const isExpected = standby !== undefined && (standby.awaited || standby.missing);
	return isExpected ? Number(standby.awaited) : undefined;
}

/** Undefined if the log cannot tell: the other numbers do not depend on it. */
export async function countOf(
	log: Context["log"],
	stream: typeof ALL | typeof STREAMS,
): Promise<number | undefined> {
	try {
		return (await log.last(stream)) + 1;
	} catch (error) {
		if (isRefusal(error)) return undefined;
		throw error;
	}
}

function appendMetrics({ measured, settings }: Context): Metric[] {
	const { activity } = measured;
	const { appends, written, waiting } = activity;
	return [
		counter(
			"varve_log_appends_total",
			"Appends and deletes by what became of them.",
			byLabel("result", appends),
		),
		counter("varve_log_appended_events_total", "Events that were appended.", written.events),
		counter("varve_log_appended_bytes_total", "Bytes of their data and metadata.", written.bytes),
		histogram(
			"varve_log_append_duration_seconds",
			"From an append to its answer, with the wait for its turn.",
			activity.appendSeconds,
		),
		histogram(
			"varve_log_commit_duration_seconds",
			"Transactions of appends, with their sync.",
			activity.commitSeconds,
		),
		histogram(
			"varve_log_sync_duration_seconds",
			"The end of a commit: SQLite writes the WAL and syncs it.",
			activity.syncSeconds,
		),
		histogram("varve_log_commit_appends", "Appends that shared a commit.", activity.commitAppends),
		gauge("varve_append_queue_length", "Appends that wait for the disk.", waiting.appends),
		gauge("varve_append_queue_length_max", "Appends that may wait.", settings.appendQueueMax),
		gauge("varve_append_queue_bytes", "Bytes of the appends that wait.", waiting.bytes),
		gauge("varve_append_queue_bytes_max", "Bytes that may wait.", settings.appendQueueBytesMax),
	];
}

function cacheMetrics({ documents, settings }: Context): Metric[] {
	const { hits, misses } = documents.asked;
	const kept = documents.kept();
	return [
		counter(
			"varve_cache_requests_total",
			"Documents from memory (hit), and documents that were made (miss).",
			byLabel("result", { hit: hits, miss: misses }),
		),
		gauge("varve_cache_documents", "Documents in memory.", kept.documents),
		gauge("varve_cache_bytes", "Bytes of the documents in memory.", kept.bytes),
		gauge("varve_cache_bytes_max", "Bytes that sealed documents may take.", settings.cacheBytesMax),
	];
}

/** What was not there yet has no value. */
async function upkeepMetrics({ upkeep, scavenger }: Context): Promise<Metric[]> {
	const { running } = upkeep.verifications.state();
	const whole = upkeep.verifications.lastWhole();
	const [backup] = await upkeep.backups();
	const seconds = (time: string | undefined) =>
		time === undefined ? undefined : Date.parse(time) / 1000;
	return [
		gauge("varve_scavenge_running", "1 while a scavenge runs.", Number(!!scavenger.current())),
		gauge("varve_verification_running", "1 while a verification runs.", Number(!!running)),
		gauge(
			"varve_verification_last_time_seconds",
			"When a verification by this server last ended that read the whole log, in seconds since 1970.",
			seconds(whole?.ended),
		),
		gauge(
			"varve_verification_last_faults",
			"Faults that it found; it names 100 at most.",
			whole?.found?.faults.length,
		),
		gauge(
			"varve_backup_last_time_seconds",
			"When the newest backup that is known was whole, in seconds since 1970.",
			seconds(backup?.finished),
		),
		gauge("varve_backup_last_events", "Events in it.", backup?.events),
		gauge(
			"varve_backup_last_verified_time_seconds",
			"When all of it was last found sound, in seconds since 1970.",
			seconds(backup?.lastVerified),
		),
	];
}

function readerMetrics({ longPolls, liveReaders, settings }: Context): Metric[] {
	return [
		gauge("varve_long_polls", "Requests that wait for an event.", longPolls.waiting()),
		gauge("varve_long_polls_max", "Requests that may wait for an event.", settings.longPollsMax),
		gauge("varve_live_readers", "Readers of server-sent events.", liveReaders.connected()),
		gauge(
			"varve_live_readers_max",
			"Readers of server-sent events that may be connected.",
			settings.liveStreamsMax,
		),
	];
}
