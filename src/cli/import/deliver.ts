/**
 * Brings a batch of one stream's events to the server, for as long as it takes.
 *
 * Every event has an id, so sending twice is safe: the server answers the repeat as it answered the
 * first time. So a retry is right after any failure, whether or not the append was carried out.
 *
 *   send ──▶ 201 with the event's URL, or 204 of a delete ──▶ done
 *        ──▶ refused, several events ──▶ each alone
 *        ──▶ refused, one event ──▶ the import stops
 *        ──▶ anything else ──▶ wait ──▶ send
 *
 * Refused means a problem document of Varve's. What a proxy or a login page says, with whichever
 * status, says nothing about the events.
 */
import {
	describeAnswer,
	isPassing,
	type Problem,
	problemIn,
} from "../../../feeds/exchange/problem.ts";
import { Failure } from "../explain.ts";
import { type Answer, type Connection, headerOf } from "./connection.ts";
import { type Item, lineFailure } from "./event.ts";

export type Target = {
	readonly url: URL;
	/** Header lines of every request. */
	readonly headers: string;
	/** How long one batch is retried; 0 for ever. */
	readonly retryMsMax: number;
	/** When the server last took events of any batch: until then it was there. By `Date.now()`. */
	tookAtMs: number;
	/** After an abort, nothing new is sent and nothing waits. */
	readonly stop: AbortController;
	/** Called with the reason when a wait begins. */
	onWait(reason: string): void;
	/** Called with the line of an event, and what of it has no effect: `Varve-Ignored`. */
	onIgnored(line: number, ignored: string): void;
};

export type Delivered = { readonly repeated: number };

const BACK_OFF_MS_MIN = 100;
const BACK_OFF_MS_MAX = 10_000;

/**
 * Delivers the events in order.
 * @param path of the stream's URL
 * @throws Failure that names the refused line, or the fault that outlasted the retries
 */
export async function deliver(
	target: Target,
	connection: Connection,
	path: string,
	items: readonly Item[],
): Promise<Delivered> {
	const { answer, refused, attempts } = await send(
		target,
		connection,
		requestOf(target, path, items),
	);
	// After a retry, a repeat may be this import's own first attempt, so it does not count.
	if (refused === undefined) {
		tellIgnored(target, answer, items);
		return { repeated: attempts === 1 && isRepeat(answer) ? items.length : 0 };
	}
	const [first] = items;
	if (first?.isDelete && refused.word === "stream-deleted") return { repeated: 1 };
	if (items.length === 1 && first)
		throw lineFailure(first.line, `${answer.status} ${answer.reason}: ${refused.detail}`);
	// A part was there before, in another batch, or one event is at fault: send one at a time.
	let repeated = 0;
	for (const item of items) repeated += (await deliver(target, connection, path, [item])).repeated;
	return { repeated };
}

function requestOf(target: Target, path: string, items: readonly Item[]): string {
	const [first] = items;
	const alone = first?.headers;
	const expected = first?.before === undefined ? "" : `ES-ExpectedVersion: ${first.before}\r\n`;
	const kind = alone ?? "Content-Type: application/vnd.eventstore.events+json\r\n";
	const headers = kind + expected;
	const method = first?.isDelete ? "DELETE" : "POST";
	const body = alone === undefined ? `[${items.map((item) => item.body).join()}]` : first?.body;
	const length = `Content-Length: ${body?.length ?? 0}\r\n`;
	return `${method} ${path} HTTP/1.1\r\n${target.headers}${headers}${length}\r\n${body}`;
}

async function send(target: Target, connection: Connection, request: string) {
	const startedAt = Date.now();
	for (let attempts = 1; ; attempts++) {
		const result = await attempt(connection, request);
		const refused = result instanceof Error ? undefined : refusalIn(result);
		if (result instanceof Error || (refused === undefined && !isDone(result, request))) {
			const pauseMs = pauseOf(result, attempts);
			// One batch can meet every restart of a server that others get through to.
			const isAway = result instanceof Error;
			const spentMs = Date.now() - (isAway ? Math.max(startedAt, target.tookAtMs) : startedAt);
			if (target.stop.signal.aborted) throw new Failure(`stopped trying: ${troubleText(result)}`);
			if (target.retryMsMax > 0 && spentMs + pauseMs > target.retryMsMax)
				throw new Failure(
					`stopped trying after ${Math.round(spentMs / 1000)} s: ${troubleText(result)}`,
				);
			// If the server closed an idle connection, that is not worth a message.
			if (attempts > 1 || !(result instanceof Error)) target.onWait(troubleText(result));
			await pause(pauseMs, target.stop.signal);
		} else {
			target.tookAtMs = Date.now();
			return { answer: result, refused, attempts };
		}
	}
}

async function attempt(connection: Connection, request: string): Promise<Answer | Error> {
	try {
		return await connection.request(request);
	} catch (error) {
		return error instanceof Error ? error : new Error(String(error));
	}
}

/** The problem, if the server itself refused the events for good. */
function refusalIn(answer: Answer): Problem | undefined {
	const problem = problemOf(answer);
	return problem && answer.status < 500 && !isPassing(problem) ? problem : undefined;
}

function problemOf(answer: Answer): Problem | undefined {
	return problemIn(answer.status, headerOf(answer, "content-type"), bytesOf(answer));
}

/** Every append is answered with the URL of its first event, which ends in the version. */
function isDone(answer: Answer, request: string): boolean {
	if (request.startsWith("DELETE ")) {
		return answer.status === 204 && headerOf(answer, "es-position") !== undefined;
	}
	return answer.status === 201 && /\/\d+$/.test(headerOf(answer, "location") ?? "");
}

function bytesOf({ body }: Answer): Uint8Array {
	return Buffer.from(body, "latin1");
}

/**
 * The pause that the server asks for. Otherwise it doubles, with jitter, so that connections do not
 * return in step.
 */
function pauseOf(result: Answer | Error, attempts: number): number {
	const asked = result instanceof Error ? undefined : headerOf(result, "retry-after");
	if (asked !== undefined && /^\d{1,4}$/.test(asked)) return Number(asked) * 1000;
	if (attempts === 1 && result instanceof Error) return 0;
	const ceiling = Math.min(BACK_OFF_MS_MAX, BACK_OFF_MS_MIN * 2 ** Math.min(attempts, 10));
	return ceiling * (0.5 + Math.random() / 2);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		const done = () => {
			clearTimeout(timer);
			signal.removeEventListener("abort", done);
			resolve();
		};
		const timer = setTimeout(done, ms);
		signal.addEventListener("abort", done);
	});
}

/** What of the events the server stored without effect, each by its line. */
function tellIgnored(target: Target, answer: Answer, items: readonly Item[]): void {
	const ignored = headerOf(answer, "varve-ignored");
	for (const [, name, index, reason] of (ignored ?? "").matchAll(IGNORED)) {
		const item = items[Number(index)];
		if (item) target.onIgnored(item.line, `${name} has no effect: ${reason}`);
	}
}

/** A member of `Varve-Ignored`: the server's names and reasons hold nothing that is escaped. */
const IGNORED = /"([^"]*)";event=(\d+);reason="([^"]*)"/g;

function isRepeat(answer: Answer): boolean {
	return headerOf(answer, "varve-repeated") === "true";
}

function troubleText(result: Answer | Error): string {
	if (!(result instanceof Error)) {
		const problem = problemOf(result);
		if (problem?.word === "disk-full" || problem?.word === "insufficient-storage") {
			return "the server's disk is full";
		}
		const { status, reason } = result;
		if (problem) return `the server answered ${status} ${reason}: ${problem.detail}`;
		const type = headerOf(result, "content-type");
		return `the answer is ${describeAnswer(status, reason, type, bytesOf(result))}`;
	}
	const { code } = result as NodeJS.ErrnoException;
	return code === "ECONNREFUSED" ? "the server does not answer" : result.message || String(code);
}
