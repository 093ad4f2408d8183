/**
 * The small endpoints: is it there, what is it, can it work.
 */
import { createRequire } from "node:module";
import { TEXT_TYPES } from "../../../feeds/formats/message.ts";
import { COUNT_MAX, GRID } from "../../../feeds/geometry.ts";
import { ALL, EVENT_TYPE_BYTES_MAX, STREAM_NAME_BYTES_MAX } from "../../event.ts";
import { type Answer, textAnswer } from "../answering/answer.ts";
import type { Exchange } from "../answering/exchange.ts";
import { answerMessage } from "../answering/message.ts";
import { answerToError } from "../answering/problems.ts";
import { negotiateType } from "../request/negotiation.ts";

const JSON_TYPE = "application/json; charset=utf-8";
const NO_STORE = ["Cache-Control", "no-store"];

/** From the package's own manifest. */
export const VERSION = readVersion();

/** The level of the wire contract we speak, in the place where its clients look for it. */
const CONTRACT_VERSION = "24.10.14.0";

const PONG = "Ping request successfully handled";

/** GET /ping, in the forms of contract 10.3. */
export function answerPing({ req }: Exchange, { query }: { query: string }): Answer {
	return answerMessage(negotiateType(req, query, TEXT_TYPES), "TextMessage", { text: PONG });
}

/** GET /info: version, features and limits, and how purges of caches go. */
export function answerInfo({ context }: Exchange): Answer {
	const { settings } = context;
	const purging = context.purging();
	return json(200, {
		varveVersion: VERSION,
		esVersion: CONTRACT_VERSION,
		state: "leader",
		features: { projections: false, userManagement: false, atomPub: true },
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
		...(purging ? { purging } : {}),
	});
}

/** GET /health/live: the process answers. `?liveCode=200` changes the status of success. */
export function answerLive({ req }: Exchange): Answer {
	const code = /[?&]liveCode=(2\d\d)(?:&|$)/.exec(req.url ?? "")?.[1];
	return { status: code ? Number(code) : 204, headers: NO_STORE };
}

/**
 * GET /health/ready: reads and appends are possible, and the server is not shutting down. A disk
 * that hangs holds the writer, and appends with it: then it is not, either.
 */
export async function answerReady({ context }: Exchange): Promise<Answer> {
	const refusal = context.unready();
	if (refusal) return answerToError(refusal, context.report);
	return { status: (await canWork(context.log)) ? 204 : 503, headers: NO_STORE };
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

function readVersion(): string {
	const manifest: { version: string } = createRequire(import.meta.url)("varve/package.json");
	return manifest.version;
}
