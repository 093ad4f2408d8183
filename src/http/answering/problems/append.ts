/** Problems of an append. */
import type { Problem } from "./problem.ts";

type Words =
	| "missing-event-type"
	| "invalid-event"
	| "malformed-metadata"
	| "duplicate-event-id"
	| "event-too-large"
	| "too-many-events"
	| "invalid-line"
	| "import-conflict"
	| "stream-not-writable"
	| "wrong-expected-version"
	| "events-known"
	| "precondition-failed";

const currentVersion = ({ current }: { current: number }) => [
	"ES-CurrentVersion",
	String(current),
	"Kurrent-CurrentVersion",
	String(current),
];

/** What a client that got a field wrong has to send. */
const FIELDS: { readonly [field: string]: string } = {
	eventId:
		"Every event needs a UUID that its client makes, for example with uuidgen. In a batch it is " +
		"the member eventId; with a single event, the header ES-EventId.",
	eventType:
		"In a batch, the member eventType names the event's type (type is another name, which does not " +
		'count): {"eventId":"<UUID>","eventType":"OrderPlaced","data":{}}. With a single event, it is ' +
		"the header ES-EventType: OrderPlaced.",
};

export const APPEND_PROBLEMS: { readonly [W in Words]: Problem<W> } = {
	"missing-event-type": {
		status: 400,
		title: "Missing event type",
		detail: ({ form }) =>
			form === "entry"
				? 'The entry has no type of event. Add it as <category term="OrderPlaced"/>.'
				: "Must include an event type with the request either in body or as ES-EventType header. " +
					"Add one, for example ES-EventType: OrderPlaced; or send a batch, whose events name their " +
					"own types, with Content-Type: application/vnd.eventstore.events+json.",
	},
	"invalid-event": {
		status: 400,
		title: "Invalid event",
		detail: (f) => `Event ${f.index} of the batch: ${f.reason} ${FIELDS[f.field] ?? ""}`.trimEnd(),
	},
	"malformed-metadata": {
		status: 400,
		title: "Malformed metadata of a stream",
		detail: (f) => `Event ${f.index} of the batch: ${f.rule} is malformed: ${f.reason}.`,
	},
	"duplicate-event-id": {
		status: 400,
		title: "Event id used twice in one append",
		detail: (f) =>
			`Event ${f.index} of the batch has the same id as an earlier one: ${f.eventId}. ` +
			"Make a new UUID for each event, for example with uuidgen.",
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
			`The append has ${f.events} events. The limit is ${f.eventsMax}. Nothing was written. ` +
			"Send the events in several appends.",
	},
	"invalid-line": {
		status: 400,
		title: "Invalid line of an import",
		detail: (f) => `Line ${f.line} of the body: ${f.reason}. Nothing was written.`,
	},
	"import-conflict": {
		status: 409,
		title: "Another log",
		detail: (f) =>
			`This store does not begin as the source of these lines does: ${f.reason}. Nothing was ` +
			"written. An import that keeps positions needs an empty store, or one that holds the first " +
			"events of the same source and no others.",
	},
	"stream-not-writable": {
		status: 401,
		title: "Stream not writable",
		detail: (f) =>
			f.attempt === "append"
				? `Only the server itself writes to '${f.stream}'. Append to a stream of your own, such as ` +
					"order-42: the server lists its events in $all, $ce-order and the like."
				: `The server itself goes on writing to '${f.stream}', so clients cannot delete it for ever. ` +
					"Without ES-HardDelete, a delete of an index stream hides what it holds now.",
		headers: () => ["WWW-Authenticate", 'Basic realm="Varve", charset="UTF-8"'],
	},
	"wrong-expected-version": {
		status: 400,
		reason: () => "Wrong expected EventNumber",
		title: "Wrong expected version",
		detail: (f) => `${stateOf(f)}; ${expectation(f.expected)} was expected. ${wayOut(f)}`,
		headers: currentVersion,
	},
	"events-known": {
		status: 400,
		reason: () => "Wrong expected EventNumber",
		title: "Some of the events are known",
		detail: (f) =>
			`${f.known.length} of the ${f.count} event ids already stand in stream '${f.stream}', ` +
			`${f.known.length === f.count ? "in another order" : "the others do not"}. ` +
			"Nothing was written. If these events are to be appended, send only the others; " +
			"to learn the outcome of an earlier append, send exactly its events.",
		headers: currentVersion,
	},
	"precondition-failed": {
		status: 412,
		title: "Precondition failed",
		detail: (f) => `${stateOf(f)}, which does not meet ${f.precondition}. ${currentCondition(f)}`,
		headers: currentVersion,
	},
};

type State = { readonly stream: string; readonly current: number };

function stateOf({ stream, current }: State): string {
	if (current < 0) return `Stream '${stream}' has no events`;
	return `Stream '${stream}' is at version ${current}`;
}

function expectation(expected: number): string {
	return EXPECTATIONS.get(expected) ?? `version ${expected}`;
}

const EXPECTATIONS: ReadonlyMap<number, string> = new Map([
	[-1, "a stream without events (-1)"],
	[-4, "a stream with events (-4)"],
]);

function wayOut({ current }: State): string {
	return `${current < 0 ? "Decide" : "Read it, decide"} again, and send ES-ExpectedVersion: ${current}.`;
}

/** The version is all that counts of a tag, but a client gets the whole tag from a read. */
function currentCondition({ current }: State): string {
	if (current < 0) return "To write its first event, send If-None-Match: *.";
	return (
		"Read it, decide again, and send the ETag of that answer: If-Match: " +
		`"${current};…", with its quotes.`
	);
}
