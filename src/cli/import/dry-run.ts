/**
 * What a dry run refuses besides malformed lines: what a server would refuse whatever it holds. It
 * applies the server's own rules, with the limits that a server has by default. It cannot know what
 * depends on the server: streams that were deleted for ever, and lower limits.
 */
import { BodyFormatError } from "../../../feeds/errors.ts";
import { checkJson, decodeEventBatch } from "../../../feeds/events/decode.ts";
import { decodeLine } from "../../../feeds/moving/decode.ts";
import type { LineEvent } from "../../../feeds/moving/event.ts";
import { type OfferedEvent, prepareAppend } from "../../commands/append.ts";
import { type OfferedLine, prepareImport } from "../../commands/import.ts";
import { OPTIONS } from "../../config.ts";
import { isRefusal } from "../../errors.ts";
import { problemDetail } from "../../http/answering/problems.ts";
import type { MovedEvent } from "../../log/moving/moves.ts";
import { faultAtPlace, faultOfEvent } from "../../log/moving/rules.ts";
import { describedStream } from "../../retention/window.ts";
import { type Item, lineFailure } from "./event.ts";

const EMPTY = new Uint8Array(0);
const LIMITS = {
	eventsPerAppendMax: defaultOf("eventsPerAppendMax"),
	eventBytesMax: defaultOf("eventBytesMax"),
};
const BODY_BYTES_MAX = defaultOf("bodyBytesMax");

/** @throws Failure that names the line */
export function refuseAsServer(stream: string, item: Item): void {
	if (item.isDelete) return;
	// In a batch, brackets stand around it.
	const bodyBytes = item.body.length + (item.headers === undefined ? 2 : 0);
	if (bodyBytes > BODY_BYTES_MAX)
		throw lineFailure(
			item.line,
			`it makes a request of ${bodyBytes} bytes; the limit is ${BODY_BYTES_MAX}`,
		);
	try {
		prepareAppend(stream, "any", offeredIn(item), LIMITS);
	} catch (error) {
		if (error instanceof BodyFormatError) throw lineFailure(item.line, error.reason);
		const detail = problemDetail(error);
		throw detail === undefined ? error : lineFailure(item.line, detail);
	}
}

function offeredIn({ body, headers }: Item): readonly OfferedEvent[] {
	if (headers === undefined) return decodeEventBatch(Buffer.from(`[${body}]`, "latin1"));
	const data = Buffer.from(body, "latin1");
	const isJson = headers.includes("Content-Type: application/json\r\n");
	if (isJson) checkJson(data);
	return [
		{
			eventId: headerIn(headers, "ES-EventId"),
			eventType: headerIn(headers, "ES-EventType"),
			isJson,
			data,
			metadata: EMPTY,
		},
	];
}

/** What a server knows of a stream when it takes the next line of a log. */
type StreamFacts = { last: number; isGone: boolean; scavenged: number };

/** Checks the lines of a whole log as an empty server would. */
export class LogCheck {
	readonly #streams = new Map<string, StreamFacts>();
	#next = 0;
	#created = 0;
	#incarnation = 1;

	get events(): number {
		return this.#next;
	}

	get streams(): number {
		return this.#streams.size;
	}

	/**
	 * Checks the next line.
	 * @param text in latin1
	 * @throws Failure
	 */
	check(text: string, number: number): void {
		const line: LineEvent | string = decodeLine(text);
		if (typeof line === "string") throw lineFailure(number, line);
		const [event] = prepared(line, number);
		const fault =
			event.position === this.#next
				? (faultOfEvent(event) ?? this.#faultAtPlace(event))
				: `its position is ${event.position}, and not ${this.#next}`;
		if (fault !== undefined) throw lineFailure(number, fault);
		this.#take(event);
	}

	#faultAtPlace(event: MovedEvent): string | undefined {
		const { last = -1, isGone = false, scavenged = 0 } = this.#streams.get(event.stream) ?? {};
		const described = describedStream(event.stream);
		const isDescribedGone = described !== undefined && this.#streams.get(described)?.isGone;
		return faultAtPlace(event, {
			last,
			created: this.#created,
			isGone: isGone || isDescribedGone === true,
			scavenged,
			incarnation: this.#incarnation,
		});
	}

	#take({ stream, version, created, erased, mark, incarnation }: MovedEvent): void {
		const facts = this.#streams.get(stream) ?? { last: -1, isGone: false, scavenged: 0 };
		facts.last = version;
		facts.isGone ||= mark === "tombstone";
		if (erased === "scavenged") facts.scavenged = version + 1;
		this.#streams.set(stream, facts);
		this.#created = created;
		this.#incarnation = Math.max(this.#incarnation, incarnation);
		this.#next++;
	}
}

function prepared(line: LineEvent, number: number): readonly [MovedEvent] {
	try {
		return prepareImport([line as OfferedLine], LIMITS) as unknown as readonly [MovedEvent];
	} catch (error) {
		if (isRefusal(error, "invalid-line")) throw lineFailure(number, error.facts.reason);
		const detail = problemDetail(error);
		throw detail === undefined ? error : lineFailure(number, detail);
	}
}

/** The headers of an item are latin1, one character for each byte. */
function headerIn(headers: string, name: string): string {
	const value = new RegExp(`^${name}: (.*)\\r$`, "m").exec(headers)?.[1] ?? "";
	return Buffer.from(value, "latin1").toString("utf8");
}

function defaultOf(name: string): number {
	return Number(OPTIONS.find((option) => option.name === name)?.default);
}
