/** Events on their way into the sandbox, as guest/batch.ts takes them. */
import {
	COLUMNS,
	HARD_DELETED,
	HAS_LINK,
	IS_EMPTY,
	IS_JSON,
	SOFT_DELETED,
} from "../guest/events/batch.ts";
import type { ScriptEvent } from "../model/events.ts";
import type { EncodedBatch } from "../process/protocol.ts";

/** Characters and events of one crossing: enough to make it cheap, and little memory. */
const BATCH_CHARS = 1024 * 1024;
const BATCH_EVENTS = 2_000;

/** Where the next crossing ends: at least one event after `start`. */
export function batchEnd(events: readonly ScriptEvent[], start: number): number {
	let chars = 0;
	let end = start;
	while (end < events.length && end - start < BATCH_EVENTS) {
		const { data, metadata, linkMetadata } = events[end] as ScriptEvent;
		chars += data.length + metadata.length + (linkMetadata?.length ?? 0);
		if (chars > BATCH_CHARS && end > start) break;
		end++;
	}
	return end;
}

export function encodeBatch(
	events: readonly ScriptEvent[],
	start: number,
	end: number,
): EncodedBatch {
	const numbers = new Float64Array((end - start) * COLUMNS);
	const [types, streams] = [new Names(), new Names()];
	const parts: string[] = [];
	let length = 0;
	let at = 0;
	const put = (text: string) => {
		if (text !== "") parts.push(text);
		length += text.length;
		numbers[at++] = length;
	};
	for (let index = start; index < end; index++) {
		const event = events[index] as ScriptEvent;
		numbers[at++] = event.position;
		numbers[at++] = event.number;
		numbers[at++] = event.created;
		numbers[at++] = streams.numberOf(event.stream);
		numbers[at++] = types.numberOf(event.type);
		numbers[at++] = flagsOf(event);
		put(event.id);
		put(event.data);
		put(event.metadata);
		put(event.linkMetadata ?? "");
	}
	return { names: JSON.stringify([types.list, streams.list]), numbers, text: parts.join("") };
}

function flagsOf({ isJson, data, deleted, linkMetadata }: ScriptEvent): number {
	let flags = isJson ? IS_JSON : 0;
	if (isJson && data === "") flags |= IS_EMPTY;
	if (deleted) flags |= deleted === "soft" ? SOFT_DELETED : HARD_DELETED;
	return linkMetadata === undefined ? flags : flags | HAS_LINK;
}

/** Texts that come again and again, each once. */
class Names {
	readonly list: string[] = [];
	readonly #numbers = new Map<string, number>();

	numberOf(name: string): number {
		const known = this.#numbers.get(name);
		if (known !== undefined) return known;
		this.#numbers.set(name, this.list.length);
		return this.list.push(name) - 1;
	}
}
