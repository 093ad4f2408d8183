/**
 * From the core's words to HTTP: the only place that knows statuses.
 *
 * Every error has a body of RFC 9457 (problem details): `type` names the refusal, `detail` says it
 * in a sentence, and the refusal's facts stand beside them. Status and reason phrase are those that
 * clients of the contract recognise an outcome by.
 */
import { describeDamage, isRefusal, Refusal, type RequestRefusals } from "../../errors.ts";
import { type Answer, withText } from "./answer.ts";
import { isDue } from "./problems/damage.ts";
import { ERASURE_PROBLEMS } from "./problems/erasure.ts";
import { STATE_PROBLEMS } from "./problems/state.ts";

type Words = keyof RequestRefusals;
export type Problem<W extends Words> = {
	readonly status: number;
	readonly reason?: (facts: RequestRefusals[W]) => string;
	readonly title: string;
	readonly detail: (facts: RequestRefusals[W]) => string;
	/** The facts that are the client's business; all of them by default. */
	readonly shown?: (facts: RequestRefusals[W]) => object;
	/** Headers that belong to the refusal: names and values in turn. */
	readonly headers?: (facts: RequestRefusals[W]) => readonly string[];
};

const NO_STORE = ["Cache-Control", "no-store"];
const currentVersion = ({ current }: { current: number }) => [
	"ES-CurrentVersion",
	String(current),
	"Kurrent-CurrentVersion",
	String(current),
];

const PROBLEMS: { readonly [W in Words]: Problem<W> } = {
	"malformed-http": {
		status: 400,
		title: "Not an HTTP request",
		detail: (f) => `The server cannot read the request: ${f.reason}.`,
	},
	"headers-too-large": {
		status: 431,
		title: "Request headers too large",
		detail: (f) => `Request line and headers together may have at most ${f.headerBytesMax} bytes.`,
	},
	"request-too-slow": {
		status: 408,
		title: "Request too slow",
		detail: () => "The request did not arrive in full within the time that the server allows.",
		headers: () => ["Connection", "close"],
	},
	"malformed-url": { status: 400, title: "Malformed URL", detail: (f) => f.reason },
	"malformed-host": {
		status: 400,
		title: "Malformed Host header",
		detail: (f) => `'${f.host}' is not a host name with an optional port.`,
	},
	"malformed-body": {
		status: 400,
		title: "Write request body invalid",
		detail: (f) =>
			`Write request body invalid. ${f.index === undefined ? "" : `Event ${f.index}: `}${f.reason}`,
	},
	"malformed-json": {
		status: 400,
		title: "Malformed JSON",
		detail: (f) =>
			`Write request body invalid. Line ${f.line}, column ${f.column} ` +
			`(byte ${f.byteOffset}): ${f.reason}`,
	},
	"malformed-header": {
		status: 400,
		title: "Malformed header",
		detail: (f) => `${f.header} header in wrong format. ${f.reason}`,
	},
	"malformed-query": {
		status: 400,
		title: "Malformed query",
		detail: (f) => `Query parameter '${f.parameter}' cannot be '${f.value}': ${f.reason}`,
	},
	"route-not-found": {
		status: 404,
		title: "No resource at this path",
		detail: (f) => `This server has no resource at the path ${f.path}.`,
	},
	"method-not-allowed": {
		status: 405,
		title: "Method not allowed",
		detail: (f) => `This resource does not allow ${f.method}. It allows ${f.allowed.join(", ")}.`,
		headers: (f) => ["Allow", f.allowed.join(", ")],
	},
	"not-acceptable": {
		status: 406,
		title: "Not available in the requested format",
		detail: (f) =>
			`The server has none of the formats in Accept '${f.accept}'. ` +
			`It has ${f.available.join(", ")}.`,
	},
	"unsupported-media-type": {
		status: 415,
		reason: () => "Invalid or missing Content-Type",
		title: "Invalid or missing Content-Type",
		detail: (f) =>
			`This resource cannot read '${f.contentType}'; send one of ${f.available.join(", ")}.`,
	},
	"body-too-large": {
		status: 413,
		title: "Body too large",
		detail: (f) => `A request body may have at most ${f.bodyBytesMax} bytes. Nothing was written.`,
	},
	"body-incomplete": {
		status: 400,
		title: "Body incomplete",
		detail: (f) => `The body ended after ${f.received} bytes, before its announced end.`,
	},
	"invalid-stream-name": {
		status: 400,
		title: "Invalid stream name",
		detail: (f) => `Invalid stream name '${f.stream}': ${f.reason}.`,
	},
	"invalid-event-number": {
		status: 400,
		title: "Invalid event number",
		detail: (f) => `'${f.value}' is not valid event number`,
	},
	"invalid-count": {
		status: 400,
		title: "Invalid count",
		detail: (f) =>
			`'${f.value}' is not valid count. Should be positive integer, at most ${f.countMax}.`,
	},
	"invalid-position": {
		status: 400,
		title: "Invalid position",
		detail: (f) =>
			`Invalid position argument: ${f.value}. ` +
			"A position is 32 hexadecimal digits, as in the links of a feed.",
	},
	"invalid-filter": { status: 400, title: "Invalid filter", detail: (f) => f.reason },
	"missing-event-type": {
		status: 400,
		title: "Missing event type",
		detail: () =>
			"Must include an event type with the request either in body or as ES-EventType header. " +
			"A batch of events is sent as application/vnd.eventstore.events+json.",
	},
	"invalid-event": {
		status: 400,
		title: "Invalid event",
		detail: (f) => `Event ${f.index} of the batch: ${f.field} ${f.reason}`,
	},
	"duplicate-event-id": {
		status: 400,
		title: "Event id used twice in one append",
		detail: (f) => `Event ${f.index} of the batch has the same id as an earlier one: ${f.eventId}.`,
	},
	"event-too-large": {
		status: 413,
		reason: (f) => `Too large events received. Limit is ${f.eventBytesMax} bytes.`,
		title: "Event too large",
		detail: (f) =>
			`Too large events received. Event ${f.index} has ${f.bytes} bytes of data and metadata. ` +
			`Limit is ${f.eventBytesMax} bytes. Nothing was written.`,
	},
	"too-many-events": {
		status: 413,
		title: "Too many events in one append",
		detail: (f) =>
			`The append has ${f.events} events. The limit is ${f.eventsMax}. Nothing was written.`,
	},
	"stream-not-writable": {
		status: 401,
		title: "Stream not writable",
		detail: (f) => `Only the server itself writes to '${f.stream}'. Clients cannot append to it.`,
		headers: () => ["WWW-Authenticate", 'Basic realm="Varve", charset="UTF-8"'],
	},
	...ERASURE_PROBLEMS,
	...STATE_PROBLEMS,
	"wrong-expected-version": {
		status: 400,
		reason: () => "Wrong expected EventNumber",
		title: "Wrong expected version",
		detail: (f) => `Stream '${f.stream}' is at version ${f.current}; ${f.expected} was expected.`,
		headers: currentVersion,
	},
	"precondition-failed": {
		status: 412,
		title: "Precondition failed",
		detail: (f) =>
			`Stream '${f.stream}' is at version ${f.current}, which does not meet ${f.precondition}.`,
		headers: currentVersion,
	},
	"stream-not-found": {
		status: 404,
		title: "Stream not found",
		detail: (f) => `Stream '${f.stream}' has no events.`,
	},
	"event-not-found": {
		status: 404,
		title: "Event not found",
		detail: (f) => `Stream '${f.stream}' has no event ${f.eventNumber}.`,
	},
	"stream-deleted": {
		status: 410,
		reason: (f) => (f.attempt === "read" ? "Deleted" : "Stream deleted"),
		title: "Stream deleted",
		detail: (f) => `Stream '${f.stream}' was deleted for ever.`,
	},
	"history-replaced": {
		status: 410,
		title: "History replaced",
		detail: (f) =>
			`This URL belongs to another history of the store. The present one has number ${f.incarnation}. ` +
			"Start again from the stream's own URL.",
	},
	"tile-not-found": {
		status: 404,
		title: "No such tile",
		detail: (f) => `The log has no tile ${f.tile} yet.`,
	},
	"page-too-large": {
		status: 400,
		title: "Page too large",
		detail: (f) =>
			`The events of this page have ${f.bytes} bytes or more. The limit is ${f.pageBytesMax}. ` +
			"Ask for fewer events.",
	},
};

/** The answer to a refusal. */
export function problem<W extends Words>(refusal: Refusal<W>): Answer {
	const entry: Problem<W> = PROBLEMS[refusal.word];
	const body = {
		type: `urn:varve:problem:${refusal.word}`,
		title: entry.title,
		status: entry.status,
		detail: entry.detail(refusal.facts),
		...(entry.shown ?? all)(refusal.facts),
	};
	// A proxy may keep a 404 or 410 by its own judgement (RFC 9111 section 4.2.2), and a stream that
	// is not there now may be there in a second.
	const headers = [...(entry.headers?.(refusal.facts) ?? []), ...NO_STORE];
	const answer = withText(entry.status, "application/problem+json", JSON.stringify(body), headers);
	return entry.reason === undefined ? answer : { ...answer, reason: entry.reason(refusal.facts) };
}

/** Tells the operator what is no matter of the request: a fault, and damage to the log. */
export function reportFault(error: unknown, report: (error: unknown) => void): void {
	if (isRefusal(error, "log-damaged")) {
		if (isDue(error.facts.part, performance.now())) report(describeDamage(error.facts));
	} else if (!isRefusal(error) || !Object.hasOwn(PROBLEMS, error.word)) report(error);
}

function all<F>(facts: F): F {
	return facts;
}

/**
 * The answer to whatever a handler threw. A fault of ours is told to the log, not to the client.
 */
export function answerToError(error: unknown, report: (error: unknown) => void): Answer {
	reportFault(error, report);
	if (error instanceof Refusal && Object.hasOwn(PROBLEMS, error.word)) {
		return problem(error as Refusal<Words>);
	}
	const body = {
		type: "urn:varve:problem:internal-error",
		title: "Internal server error",
		status: 500,
		detail: "The server failed to answer. Its log has the cause.",
	};
	return withText(500, "application/problem+json", JSON.stringify(body), NO_STORE);
}
