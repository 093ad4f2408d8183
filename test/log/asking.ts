/** How the tests of the log speak to it. */
import { randomUUID } from "node:crypto";
import { isRefusal, type Refusals, type Word } from "../../src/errors.ts";
import type { ExpectedVersion, NewEvent, StreamName } from "../../src/event.ts";
import type { Appended, Log, Range, ScavengeStep, Slice } from "../../src/log/log.ts";

export const name = (text: string) => text as StreamName;

export function event(fields: Partial<NewEvent> = {}): NewEvent {
	return {
		id: randomUUID(),
		type: "OrderPlaced",
		isJson: true,
		data: Buffer.from('{"total":1.10}'),
		metadata: new Uint8Array(0),
		...fields,
	};
}

export const events = (count: number, fields: Partial<NewEvent> = {}) =>
	Array.from({ length: count }, () => event(fields));

/** What `work` is refused with: the word and its facts. */
export async function refusal(work: Promise<unknown>): Promise<[Word, Refusals[Word]]> {
	try {
		await work;
	} catch (error) {
		if (isRefusal(error)) return [error.word, error.facts];
		throw error;
	}
	throw new Error("it was not refused");
}

export function append(
	log: Log,
	stream: string,
	batch: readonly NewEvent[],
	expected: ExpectedVersion = "any",
): Promise<Appended> {
	return log.append({ stream: name(stream), expected, events: batch });
}

export function read(
	log: Pick<Log, "read">,
	stream: string,
	range: Partial<Range> = {},
): Promise<Slice> {
	const whole = { from: 0, limit: 4096, direction: "forward", content: true } as const;
	return log.read({ ...whole, ...range, stream: name(stream) });
}

export const ids = (slice: Slice) => slice.entries.map((entry) => entry.event.id);
export const versions = (slice: Slice) => slice.entries.map((entry) => entry.version);
export const idsOf = (batch: readonly NewEvent[]) => batch.map(({ id }) => id);

/** A log that does some things another way. */
export function replacing(log: Log, others: Partial<Log>): Log {
	return new Proxy(log, {
		get(target, key: keyof Log) {
			const member = others[key] ?? target[key];
			// Called on the log itself: its private members are on no proxy.
			return typeof member === "function" ? member.bind(target) : member;
		},
	});
}

/** A whole scavenge: what all its steps erased. */
export async function scavenge(log: Log): Promise<{ events: number; bytes: number }> {
	const erased = { events: 0, bytes: 0 };
	let from: number | undefined = 0;
	while (from !== undefined) {
		const step: ScavengeStep = await log.scavenge(from);
		erased.events += step.events;
		erased.bytes += step.bytes;
		from = step.next;
	}
	return erased;
}

/** Asks again as long as the answer is no, or a refusal. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
	for (;;) {
		try {
			if (await holds()) return;
		} catch (error) {
			if (!isRefusal(error)) throw error;
		}
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}
