/** A log with every kind of erasure, delete, link and metadata, and what is to be seen of a log. */
import { randomUUID } from "node:crypto";
import type { NewEvent, StreamName } from "../../src/event.ts";
import type { Log } from "../../src/log/log.ts";
import type { SqliteLog } from "../../src/log/sqlite/log.ts";
import { append, event, events, name, read, scavenge } from "../log/asking.ts";

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const numbered = (count: number, fields: Partial<NewEvent> = {}) =>
	Array.from({ length: count }, (_, i) => event({ data: json({ i }), ...fields }));
const correlated = (id: string): Partial<NewEvent> => ({ metadata: json({ $correlationId: id }) });
const link = (target: string): NewEvent =>
	event({ type: "$>", isJson: false, data: Buffer.from(target) });

/** A clock that the test moves; `created` comes from it. */
export type Clock = { now: number };

/** Writes it all, scavenges, and writes on. */
export async function fill(log: Log, clock: Clock): Promise<void> {
	const describe = (stream: string, metadata: object | string) => {
		const data = typeof metadata === "string" ? Buffer.from(metadata) : json(metadata);
		return append(log, `$$${stream}`, [event({ type: "$metadata", data })]);
	};
	const remove = (stream: string, hard: boolean) =>
		log.delete({ stream: name(stream), expected: "any", hard });

	await describe("early-1", { $maxCount: 5, $acl: { $r: "$admins" }, mine: [1, null] });
	for (let round = 0; round < 3; round++) {
		await append(log, "order-1", numbered(4, correlated("c-1")));
		await append(log, "order-2", numbered(3));
		clock.now += 60_000;
		await append(log, "early-1", numbered(4, { type: "Counted" }));
		await append(log, "aged", numbered(2, correlated("c-2")));
		await append(log, "person-1", numbered(2, correlated("c-1")));
	}
	await append(log, "bytes", [
		event({ isJson: false, data: Buffer.from([0, 255, 10, 13, 34]) }),
		event({ isJson: false, data: Buffer.from("text"), metadata: Buffer.from("no JSON") }),
		event({ data: Buffer.from('{\n "a": 1.10,\r\n "b": 12345678901234567890}') }),
		event({ data: Buffer.from('"text\\u0000"'), metadata: Buffer.from(" {} ") }),
		event({ data: Buffer.from("null") }),
		event({ data: new Uint8Array(0), metadata: json({ only: "metadata" }) }),
		event({ isJson: false, data: new Uint8Array(0) }),
		event({ isJson: false, data: Buffer.from("\ufeff{}") }),
		event({ data: Buffer.from(`${"[".repeat(63)}${"]".repeat(63)}`) }),
		event({ data: Buffer.from('{"ä":"€"}'), type: "Straße" }),
	]);
	await append(log, "ln", [
		link("10@order-1"),
		link("0@order-1"),
		link("1@person-1"),
		link("0@missing"),
		link("3@$ce-order"),
		link("0@ended"),
		link("not a link"),
	]);
	await append(log, "empty-metadata", numbered(2));
	await describe("empty-metadata", "{}");
	await describe("empty-metadata", "[]");
	await describe("never-written", { $tb: 3 });
	// Deleted softly, and back: by events, by metadata, and not at all.
	await append(log, "back-1", numbered(3, correlated("c-3")));
	await remove("back-1", false);
	await append(log, "back-1", numbered(2));
	await append(log, "back-2", numbered(3));
	await remove("back-2", false);
	await describe("back-2", { owner: "somebody" });
	await append(log, "back-2", numbered(1));
	await append(log, "back-3", numbered(2));
	await remove("back-3", false);
	const twice = [{ first: 1 }, { second: 2 }].map((of) =>
		event({ type: "$metadata", data: json(of) }),
	);
	await append(log, "$$back-3", twice);
	await append(log, "back-3", numbered(1));
	await append(log, "away", numbered(2));
	await remove("away", false);
	// Deleted for ever, with events, and without.
	await append(log, "ended", numbered(3, correlated("c-1")));
	await remove("ended", true);
	await remove("never-there", true);
	// Metadata of an index stream, and of all.
	await describe("$ce-order", { $maxCount: 6 });
	await describe("$all", { $maxCount: 1_000_000 });

	await log.redact({ stream: name("person-1"), version: 0, metadata: false });
	await log.redact({ stream: name("person-1"), version: 3, metadata: true });
	await describe("order-1", { $tb: 5 });
	await describe("aged", { $maxAge: 60 });
	await log.redact({ stream: name("order-1"), version: 2, metadata: false });
	clock.now += 1000;
	await scavenge(log);

	await append(log, "order-1", numbered(2, correlated("c-1")));
	await describe("order-1", { $tb: 7 });
	await append(log, "person-1", numbered(1, correlated("c-2")));
	await append(log, "ln", [link("4@order-1"), link("12@order-1")]);
	await append(log, "many", events(30));
}

/** All that reads show: of every stream there is, `$all` and the index streams. */
export async function shown(log: SqliteLog, streams: Iterable<string>): Promise<unknown> {
	const found: [string, unknown][] = [];
	for (const stream of streams) {
		const slice = await read(log, stream).catch((error) => ({ refused: String(error) }));
		found.push([stream, slice]);
	}
	return found;
}

/** The names of all streams in the log, index streams too. */
export async function streamsOf(log: SqliteLog): Promise<StreamName[]> {
	const names = new Set<StreamName>(["$all", "$streams", "nothing"].map(name));
	const { streamsJoinedMoved } = await import("../../src/log/moving/rules.ts");
	const { entries } = await log.hidden.read({
		...{ stream: name("$all"), from: 0, limit: 4096, direction: "forward", content: true },
	});
	for (const { event } of entries) {
		names.add(event.stream).add(name(`$$${event.stream}`));
		const moved = { ...event, incarnation: 1, hash: new Uint8Array(0), correlation: undefined };
		for (const joined of streamsJoinedMoved(moved)) names.add(joined);
	}
	for (const id of ["c-1", "c-2", "c-3"]) names.add(name(`$bc-${id}`));
	return [...names].sort();
}

export const someId = () => randomUUID();
