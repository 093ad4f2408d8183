/**
 * Clients that append to a few hot streams and read their heads, over connections of their own, and
 * write down when each operation was called and answered.
 *
 * A call that breaks off, as when the server is killed, has no answer; the client then sends the
 * same events again once the server is back, as clients should: as it sent them, or, as one that
 * decides anew does, at the version that a new read shows. Now and then it sends events whose
 * answer it had.
 */
import { randomUUID } from "node:crypto";
import { Agent } from "node:http";
import { type Random, randomFrom } from "../../test/feeds/random.ts";
import { ask, batch, get, type Reply } from "../http/ask.ts";
import type { Recorded } from "./checker.ts";
import type { Expected, Operation } from "./model.ts";

export type Load = {
	readonly seed: number;
	/** Of the servers over one log; each operation goes to one of them. */
	readonly ports: readonly number[];
	readonly streams: readonly string[];
	readonly clients: number;
	/** Resolves when the server answers again; called after a call broke off. */
	readonly whenUp: () => Promise<unknown>;
	/** Clients stop when it says so. */
	readonly isOver: () => boolean;
};

/** By stream, the newest of its entries that a read asks for. */
const NEWEST = 20;
const READ: Operation = { kind: "read", count: NEWEST, newest: [], last: -1 };

type Append = Extract<Operation, { kind: "append" }>;

export type History = {
	/** Grows as operations are answered. */
	readonly byStream: Map<string, Recorded[]>;
	/** Resolves when all clients have stopped. */
	readonly finished: Promise<unknown>;
};

export function startClients(load: Load): History {
	const byStream = new Map(load.streams.map((stream) => [stream, [] as Recorded[]]));
	// All clients are of this process: counting calls and answers orders them as well as any clock.
	let moment = 0;
	const now = () => ++moment;
	const clients = Array.from({ length: load.clients }, (_, number) =>
		runClient(load, number, byStream, now),
	);
	return { byStream, finished: Promise.all(clients) };
}

async function runClient(
	{ seed, ports, streams, whenUp, isOver }: Load,
	client: number,
	byStream: Map<string, Recorded[]>,
	now: () => number,
): Promise<void> {
	const random = randomFrom(seed * 1000 + client);
	const agent = new Agent({ keepAlive: true, maxSockets: 1 });
	/** The last version this client knows of, by stream: more or less out of date. */
	const known = new Map<string, number>();
	let again: (() => Promise<void>) | undefined;

	const record = async (stream: string, operation: Operation): Promise<void> => {
		const called = now();
		const entry = { client, called, operation };
		const history = byStream.get(stream) as Recorded[];
		const done = (answered: number, operation: Operation) => {
			history.push({ ...entry, answered, operation });
		};
		const port = ports.length > 1 ? random.pick(ports) : (ports[0] as number);
		const reply = await ask(port, requestFor(stream, operation), agent).catch(() => undefined);
		if (reply && reply.status < 500) {
			const answered = now();
			const found = answeredBy(reply, operation);
			known.set(stream, versionIn(found, known.get(stream) ?? -1));
			done(answered, found);
			return;
		}
		// A read that broke off says nothing. An append may have happened.
		if (operation.kind === "append") {
			done(Infinity, operation);
			again = () => sendAgain(stream, operation);
		}
		await whenUp();
	};
	const sendAgain = async (stream: string, operation: Append): Promise<void> => {
		if (random.upTo(1) === 0) return record(stream, operation);
		await record(stream, READ);
		await record(stream, { ...operation, expected: expectedOf(known.get(stream) ?? -1) });
	};
	while (!isOver()) {
		const repeat = again;
		again = undefined;
		if (repeat) await repeat();
		else {
			const stream = random.pick(streams);
			const operation = anyOperation(random, known.get(stream) ?? -1);
			await record(stream, operation);
			if (operation.kind === "append" && random.upTo(9) === 0) await sendAgain(stream, operation);
		}
	}
	agent.destroy();
}

function anyOperation(random: Random, known: number): Operation {
	if (random.upTo(3) === 0) return READ;
	const expected: Expected = random.pick([
		"any",
		"any",
		"stream-exists",
		"no-stream",
		known,
		known,
		known,
		Math.max(0, known - random.upTo(3)),
		known + 1,
	]);
	const ids = Array.from({ length: 1 + random.upTo(3) }, () => randomUUID());
	return { kind: "append", expected: expectedOf(expected), ids };
}

function expectedOf(expected: Expected): Expected {
	return expected === -1 ? "no-stream" : expected;
}

const WORDS = { any: "-2", "no-stream": "-1", "stream-exists": "-4" } as const;

function requestFor(stream: string, operation: Operation) {
	if (operation.kind === "read") return get(`/streams/${stream}?embed=rich`);
	const { expected, ids } = operation;
	const number = typeof expected === "number" ? String(expected) : WORDS[expected];
	const events = ids.map((eventId) => ({ eventId, eventType: "t", data: 1 }));
	return batch(stream, events, { "ES-ExpectedVersion": number });
}

/** The operation with what was answered. */
function answeredBy(reply: Reply, operation: Operation): Operation {
	const { status, headers } = reply;
	if (operation.kind === "append") {
		if (status === 201) {
			const first = Number(/\d+$/.exec(String(headers.location))?.[0]);
			return { ...operation, answer: { first } };
		}
		if (reply.reason === "Wrong expected EventNumber") {
			return { ...operation, answer: { current: Number(headers["es-currentversion"]) } };
		}
	} else {
		if (status === 404) return { ...operation, newest: [], last: -1 };
		if (status === 200) {
			const { entries } = reply.json as { entries: { eventId: string; eventNumber: number }[] };
			const newest = entries.map(({ eventId }) => eventId);
			return { ...operation, newest, last: entries[0]?.eventNumber ?? -1 };
		}
	}
	throw new Error(`unexpected: ${status} ${reply.text}`);
}

function versionIn(operation: Operation, otherwise: number): number {
	if (operation.kind === "read") return operation.last;
	const { answer, ids } = operation;
	if (answer === undefined) return otherwise;
	return "current" in answer ? answer.current : answer.first + ids.length - 1;
}
