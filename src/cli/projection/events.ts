/** The events of a server, or of a file, that a projection wants, in batches. */
import { readStream } from "../../../feeds/node/index.ts";
import type { ReadEvent } from "../../../feeds/reader/event.ts";
import { parseTime } from "../../../feeds/time.ts";
import type { Values } from "../../options.ts";
import type { Definition, ScriptEvent } from "../../projections/script/script.ts";
import { parseLine } from "../import/event.ts";
import { openLines } from "../import/lines.ts";
import { FirstAnswer } from "../reading/first-answer.ts";
import { credentials, text } from "../verb.ts";
import { FileEvents } from "./file-events.ts";

/** Positions, both included. */
export type PositionSpan = { readonly from: number; readonly to: number };

/** Few enough that a debugger's user sees something soon, many enough to make crossings cheap. */
const BATCH_EVENTS = 500;
/** Faults in a row until the command gives up. */
const RETRIES_MAX = 5;

/**
 * @param file of lines; undefined: the server that `values` name
 * @throws Failure, ReadError while iterating
 */
export async function* eventsFor(
	definition: Definition,
	file: string | undefined,
	values: Values,
	span: PositionSpan,
): AsyncGenerator<readonly ScriptEvent[], void, void> {
	const events = file === undefined ? fromServer(definition, values) : fromFile(file, definition);
	let batch: ScriptEvent[] = [];
	for await (const event of events) {
		if (event.position > span.to) break;
		if (event.position < span.from) continue;
		batch.push(event);
		if (batch.length < BATCH_EVENTS) continue;
		yield batch;
		batch = [];
	}
	if (batch.length > 0) yield batch;
}

async function* fromFile(
	file: string,
	{ sources }: Definition,
): AsyncGenerator<ScriptEvent, void, void> {
	const source = await openLines(file);
	const events = new FileEvents(sources);
	let number = 0;
	try {
		for await (const lines of source.chunks)
			for (const one of lines) {
				number++;
				if (one.trim() === "") continue;
				const event = events.next(parseLine(one, number));
				if (event) yield event;
			}
	} finally {
		source.close();
	}
}

/** Several streams are merged by position, as a server merges them. */
async function* fromServer(
	{ sources }: Definition,
	values: Values,
): AsyncGenerator<ScriptEvent, void, void> {
	const names = streamsOf(sources);
	const readers = names.map((stream) => readOne(stream, values));
	const heads = await Promise.all(readers.map((reader) => reader.next()));
	for (;;) {
		let first = -1;
		for (const [at, head] of heads.entries())
			if (!head.done && (first < 0 || isBefore(head.value, heads[first]))) first = at;
		const head = heads[first];
		if (!head || head.done) return;
		yield scriptEventOf(head.value);
		heads[first] = (await readers[first]?.next()) ?? head;
	}
}

function streamsOf(sources: Definition["sources"]): readonly string[] {
	if (sources.kind === "all") return ["$all"];
	if (sources.kind === "streams") return sources.streams;
	return sources.categories.map((category) => `$ce-${category}`);
}

type Head = IteratorResult<ReadEvent, void>;

function isBefore({ position }: ReadEvent, other: Head | undefined): boolean {
	return !other || other.done === true || position < other.value.position;
}

function readOne(stream: string, values: Values): AsyncGenerator<ReadEvent, void, void> {
	const url = text(values, "url");
	const { fetch, onRetry } = new FirstAnswer(url, false);
	const habits = { headers: credentials(values), retriesMax: RETRIES_MAX, fetch, onRetry };
	return readStream({ url, stream, ...habits });
}

function scriptEventOf(event: ReadEvent): ScriptEvent {
	const { position, stream, version, type, id, isJson, data, metadata } = event;
	return {
		...{ position, stream, number: version, type, id, isJson },
		created: parseTime(event.created) ?? 0,
		data: Buffer.from(data).toString(),
		metadata: Buffer.from(metadata).toString(),
	};
}
