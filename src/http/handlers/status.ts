/**
 * The small endpoints: is it there, what is it, can it work.
 */
import { TEXT_TYPES } from "../../../feeds/formats/message.ts";
import { COUNT_MAX, GRID } from "../../../feeds/geometry.ts";
import { isRefusal } from "../../errors.ts";
import { ALL, EVENT_TYPE_BYTES_MAX, STREAM_NAME_BYTES_MAX } from "../../event.ts";
import { clockWarning, readClock } from "../../log/reading/clock.ts";
import { type Answer, textAnswer } from "../answering/answer.ts";
import type { Exchange } from "../answering/exchange.ts";
import { answerMessage } from "../answering/message.ts";
import { answerToError } from "../answering/problems.ts";
import { negotiateType } from "../request/negotiation.ts";
import { VERSION } from "../version.ts";

const JSON_TYPE = "application/json; charset=utf-8";
const NO_STORE = ["Cache-Control", "no-store"];

/** The level of the wire contract we speak, in the place where its clients look for it. */
export const CONTRACT_VERSION = "24.10.14.0";

const PONG = "Ping request successfully handled";

/** GET /ping, in the forms of contract 10.3. */
export function answerPing({ req }: Exchange, { query }: { query: string }): Answer {
	return answerMessage(negotiateType(req, query, TEXT_TYPES), "TextMessage", { text: PONG });
}

/** GET /info: version, features, limits, the disk, standbys, the clock, and how purges go. */
export async function answerInfo({ context }: Exchange): Promise<Answer> {
	const { settings, measured } = context;
	const standby = measured.standby?.();
	const clock = await clockOf(context);
	const purging = context.purging();
	const disk = context.room.state();
	return json(200, {
		varveVersion: VERSION,
		esVersion: CONTRACT_VERSION,
		state: settings.infoState,
		features: {
			projections: true,
			userManagement: false,
			atomPub: true,
		},
		authentication: { type: "none" },
		limits: {
			pageSize: GRID,
			pageCountMax: COUNT_MAX,
			pageBytesMax: settings.pageBytesMax,
			bodyBytesMax: settings.bodyBytesMax,
			eventBytesMax: settings.eventBytesMax,
			eventsPerAppendMax: settings.eventsPerAppendMax,
			streamNameBytesMax: STREAM_NAME_BYTES_MAX,
			eventTypeBytesMax: EVENT_TYPE_BYTES_MAX,
			longPollSecondsMax: settings.longPollSecondsMax,
			requestTimeoutMs: settings.requestTimeoutMs,
		},
		...(disk ? { disk } : {}),
		...(standby ? { standby } : {}),
		...(clock ? { clock } : {}),
		...(purging ? { purging } : {}),
	});
}

/** GET /sys/subsystems: the parts beside the log that tools of EventStore ask for. */
export function answerSubsystems(): Answer {
	return json(200, ["Projections"]);
}

/** Undefined if the newest event cannot be read: the rest of the answer does not depend on it. */
async function clockOf({ log }: Exchange["context"]) {
	try {
		const clock = await readClock(log);
		const warning = clockWarning(clock);
		return { behindSeconds: clock.behindSeconds, ...(warning === undefined ? {} : { warning }) };
	} catch (error) {
		if (isRefusal(error)) return undefined;
		throw error;
	}
}

/** GET /health/live: the process answers. `?liveCode=200` changes the status of success. */
export function answerLive({ req }: Exchange): Answer {
	const code = /[?&]liveCode=(2\d\d)(?:&|$)/.exec(req.url ?? "")?.[1];
	return { status: code ? Number(code) : 204, headers: NO_STORE };
}

/** GET /health/leader: this server delivers to the consumers of subscriptions, and scavenges. */
export function answerLeader({ context: { leadership } }: Exchange): Answer {
	const { isLeading, leader } = leadership;
	const named = isLeading || leader === undefined ? [] : ["Varve-Leader", leader];
	return { status: isLeading ? 204 : 503, headers: [...NO_STORE, ...named] };
}

/**
 * GET /health/ready: the writer can work, and the server is not shutting down. A disk that hangs
 * holds the writer, and appends with it: then it is not ready, either.
 */
export async function answerReady({ context }: Exchange): Promise<Answer> {
	const refusal = context.unready();
	if (refusal) return answerToError(refusal, context.report);
	if (!(await canWork(context.log))) return { status: 503, headers: NO_STORE };
	// It can work, so it stays ready: taking it away from its clients would mend no clock, and would
	// keep them from the deletes that make room.
	const behind = (await clockOf(context))?.behindSeconds ?? 0;
	const warning = behind > 0 ? ["Varve-Clock-Behind", String(behind)] : [];
	const disk = context.room.state();
	const room = disk?.low ? ["Varve-Disk-Free", String(disk.freeBytes)] : [];
	return { status: 204, headers: [...NO_STORE, ...warning, ...room] };
}

/**
 * Longer than the longest commit on a disk that is well, shorter than a probe's patience should be.
 */
const WRITER_MS = 2_000;

async function canWork(log: Exchange["context"]["log"]): Promise<boolean> {
	let timer: NodeJS.Timeout | undefined;
	try {
		await log.last(ALL);
		const late = new Promise<false>((resolve) => {
			timer = setTimeout(resolve, WRITER_MS, false);
		});
		return await Promise.race([log.writerAnswers().then(() => true), late]);
	} catch {
		// The probe's whole answer is that it fails; the log line is written where an answer is owed.
		return false;
	} finally {
		clearTimeout(timer);
	}
}

function json(status: number, value: unknown): Answer {
	return textAnswer(status, JSON_TYPE, JSON.stringify(value), NO_STORE);
}
