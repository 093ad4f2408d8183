/** Problems of an append. */
import type { Problem } from "./problem.ts";

type Words =
	| "missing-event-type"
	| "invalid-event"
	| "malformed-metadata"
	| "duplicate-event-id"
	| "event-too-large"
	| "too-many-events"
	| "stream-not-writable"
	| "wrong-expected-version"
	| "precondition-failed";

const currentVersion = ({ current }: { current: number }) => [
	"ES-CurrentVersion",
	String(current),
	"Kurrent-CurrentVersion",
	String(current),
];

export const APPEND_PROBLEMS: { readonly [W in Words]: Problem<W> } = {
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
	"malformed-metadata": {
		status: 400,
		title: "Malformed metadata of a stream",
		detail: (f) => `Event ${f.index} of the batch: ${f.rule} is malformed: ${f.reason}.`,
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
		detail: (f) =>
			f.attempt === "append"
				? `Only the server itself writes to '${f.stream}'. Clients cannot append to it.`
				: `The server itself goes on writing to '${f.stream}', so clients cannot delete it for ever. ` +
					"Without ES-HardDelete, a delete of an index stream hides what it holds now.",
		headers: () => ["WWW-Authenticate", 'Basic realm="Varve", charset="UTF-8"'],
	},
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
};
