/**
 * Engines asked the same things at random: any difference from the specification, which is the log
 * in memory, is a bug in one of them.
 */
import { isRefusal } from "../../src/errors.ts";
import type { ExpectedVersion, NewEvent, RecordedEvent } from "../../src/event.ts";
import { DEFAULT_LOG_LIMITS, type Log, type LogLimits, type Slice } from "../../src/log/log.ts";
import { createMemoryLog } from "../../src/log/memory.ts";
import { event, name, read, scavenge } from "./asking.ts";

/** Every so many rounds, the logs are opened anew. */
const OPENED_ROUNDS = 40;
const DELETED = '{"$tb":9223372036854775807}';

/** The logs that are compared with the specification, opened anew now and then. */
export type Compared = {
	/** Opens them; those that are open already stay as they are, or are opened anew. */
	open(limits: LogLimits, clock: () => number): Promise<readonly Log[]>;
	close(): Promise<void>;
};

/** Asks at random, the same for the same seed. */
export async function compareAtRandom(
	compared: Compared,
	{ seed, rounds }: { readonly seed: number; readonly rounds: number },
): Promise<void> {
	const random = generator(seed);
	const pick = <T>(list: readonly T[]) => list[random(list.length)] as T;
	let now = 1_700_000_000_000;
	const clock = () => now;
	const limits = { ...DEFAULT_LOG_LIMITS, pageBytesMax: 3000 };
	const memory = createMemoryLog(limits, clock);
	let others = await compared.open(limits, clock);
	const streams = ["order-1", "order-2", "user", "$$order-1", "$$user", "$settings", "a-b-c", "-x"];
	const batches: NewEvent[][] = [];
	const engines = () => [memory, ...others];

	try {
		for (let round = 0; round < rounds; round++) {
			now += random(2000) - 700;
			const work = Array.from({ length: 1 + random(6) }, () => {
				const given = {
					stream: name(pick(streams)),
					expected: anyExpected(),
					events: someEvents(),
				};
				if (random(12) > 0) return (log: Log) => log.append(given);
				const hard = random(8) === 0;
				const { stream, expected } = given;
				return (log: Log) => log.delete({ stream, expected, hard });
			});
			const found = engines().map((log) => Promise.all(work.map((ask) => answer(ask(log)))));
			expectAlike({ round }, await Promise.all(found));
			const range = {
				from: random(5) === 0 ? ("head" as const) : random(60),
				limit: 1 + random(30),
				direction: pick(["forward", "backward"] as const),
				content: random(3) > 0,
				...pick([{}, {}, { resolve: true }, { resolve: false }]),
			};
			if (range.from === "head") range.direction = "backward";
			if (random(12) === 0) {
				const redaction = { stream: name(pick(streams)), version: random(20) };
				const asked = { ...redaction, metadata: random(2) === 0 };
				const redacted = engines().map((log) => answer(log.redact(asked)));
				expectAlike({ round, asked }, await Promise.all(redacted));
			}
			if (random(25) === 0) {
				expectAlike({ round }, await Promise.all(engines().map(scavenge)));
			}
			const stream = pick([
				...streams,
				"$all",
				"$all",
				"$ce-order",
				"$et-T1",
				"$bc-2",
				"$streams",
				"none",
			]);
			const slices = engines().map((log) => answer(read(log, stream, range).then(plain)));
			expectAlike({ round, stream, range }, await Promise.all(slices));
			// An engine may keep what is read again and again.
			const polled = { from: "head", limit: 1 + random(12), direction: "backward" } as const;
			const heads = engines().map((log) => answer(read(log, "order-1", polled).then(plain)));
			expectAlike({ round, polled }, await Promise.all(heads));
			if (round % OPENED_ROUNDS === OPENED_ROUNDS - 1) {
				others = await compared.open(limits, clock);
			}
		}
		const checks = await Promise.all(engines().map((log) => log.verify()));
		expectAlike({}, checks);
		expect(checks[0]?.faults).toEqual([]);
	} finally {
		await compared.close();
	}

	function anyExpected(): ExpectedVersion {
		return pick(["any", "any", "no-stream", "stream-exists", random(8), random(40)] as const);
	}

	/** New events, or events sent before: whole, a part, backward, or with a new one among them. */
	function someEvents(): NewEvent[] {
		const known = batches.length > 0 ? pick(batches) : [];
		const kind = random(7);
		if (kind === 0 && known.length > 0) return known;
		if (kind === 1 && known.length > 1) return known.slice(random(known.length));
		if (kind === 2 && known.length > 1) return [...known].reverse();
		if (kind === 3 && known.length > 0) return [...known, anEvent()];
		const batch = Array.from({ length: 1 + random(5) }, anEvent);
		batches.push(batch);
		return batch;
	}

	function anEvent(): NewEvent {
		const hex = Array.from({ length: 32 }, () => random(16).toString(16)).join("");
		const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
		const correlation = JSON.stringify({ $correlationId: String(random(4)) });
		const metadata = Buffer.from(pick(["", correlation, '{"$correlationId":', "{}"]));
		const type = pick(["T1", "T2", "$>", "$metadata"]);
		const link = `${random(9)}@${pick(streams)}`;
		const rule = `{"${pick(["$tb", "$maxCount", "$maxAge", "x"])}":${random(9)},"y":1.10}`;
		const texts = [link, rule, rule, DELETED].map((text) => Buffer.from(text));
		const data = pick([...texts, Buffer.alloc(random(300), random(256))]);
		return event({ id, type, metadata, data });
	}
}

/** @param what was asked, so that a failure says it */
function expectAlike(what: object, [specified, ...others]: readonly unknown[]): void {
	expect({ ...what, others }).toEqual({ ...what, others: others.map(() => specified) });
}

type Outcome = { readonly value: unknown } | { readonly word: string; readonly facts: unknown };

async function answer(work: Promise<unknown>): Promise<Outcome> {
	try {
		return { value: await work };
	} catch (error) {
		if (isRefusal(error)) return { word: error.word, facts: error.facts };
		throw error;
	}
}

/** Bytes as text, so that a Buffer and a Uint8Array of the same bytes compare equal. */
function plain(slice: Slice): unknown {
	const text = (_: string, value: unknown) =>
		value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value;
	// A Buffer would turn itself to JSON before `text` sees it.
	const bytes = (event: RecordedEvent | undefined) =>
		event && {
			...event,
			data: new Uint8Array(event.data),
			metadata: new Uint8Array(event.metadata),
		};
	const entries = slice.entries.map((entry) => ({
		...entry,
		event: bytes(entry.event),
		link: bytes(entry.link),
	}));
	const { isKept: _, ...shown } = slice;
	return JSON.parse(JSON.stringify({ ...shown, entries }, text));
}

/** Whole numbers below a bound, the same for the same seed (mulberry32). */
function generator(start: number): (bound: number) => number {
	let state = start;
	return (bound) => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
	};
}
