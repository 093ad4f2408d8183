/**
 * Clients that do a bit of everything, each by its own chance, and write down what they were told.
 *
 * Streams `kept-…` belong to all: there the clients get into each other's way, and nothing is ever
 * deleted. Streams `own-…` belong to one client, which also deletes, brings back and trims them.
 */
import { Agent } from "node:http";
import {
	answered,
	type Batch,
	type Expected,
	type History,
	newAttempt,
	type Outcome,
	type Redaction,
	type SentEvent,
} from "./history.ts";
import type { Random } from "./random.ts";
import {
	type Connection,
	getData,
	getSignedHead,
	sendBatch,
	sendDelete,
	sendRedaction,
	startScavenge,
} from "./requests.ts";
import type { Witness } from "./witness.ts";

export const KEPT = ["kept-0", "kept-1", "kept-2"] as const;

const MIX = {
	single: 30,
	batch: 24,
	largeBatch: 1,
	expecting: 16,
	conflicting: 6,
	/** Sent again after its answer, and a second time while the first is on its way. */
	again: 12,
	twice: 3,
	creating: 4,
	metadata: 3,
	softDelete: 3,
	/** A soft delete, and an append that brings the stream back. */
	recreate: 2,
	hardDelete: 1,
	redact: 3,
	scavenge: 1,
	read: 6,
	signedHead: 8,
} as const;

/** Two tiles of the tree are touched by a batch beyond 256 events. */
const LARGE_BATCH_MAX = 300;

/** Refusals that are right in this mix; any other is a fault. */
const OF_WRITES = ["wrong-expected-version", "stream-deleted"];
const OF_REDACTIONS = ["event-not-found", "stream-not-found", "stream-deleted"];
const OF_SCAVENGES = ["scavenge-running"];

export type Client = {
	/** Works until an answer is lost, or `isOver`. */
	work(to: Connection, isOver: () => boolean): Promise<void>;
};

/** What all clients write down. */
export type Notes = {
	readonly history: History;
	readonly witness: Witness;
	/** Refusals that are right besides, because something on the way is down. */
	readonly outages?: readonly string[];
};

/** Clients that share their notes. @param name begins the names of their own streams */
export function createClients(count: number, notes: Notes, random: Random, name: string): Client[] {
	return Array.from({ length: count }, (_, index) =>
		createClient(notes, random.branch(), `own${index}-${name}`),
	);
}

/** Lets all clients work on the server until it is gone or `isOver`. */
export async function workAll(
	clients: readonly Client[],
	port: number,
	isOver: () => boolean,
): Promise<void> {
	const agent = new Agent({ keepAlive: true });
	try {
		await Promise.all(clients.map((client) => client.work({ port, agent }, isOver)));
	} finally {
		agent.destroy();
	}
}

function createClient(
	{ history, witness, outages = [] }: Notes,
	random: Random,
	name: string,
): Client {
	/** What it believes of the streams it has met: their last version. */
	const believed = new Map<string, number>();
	const batches: Batch[] = [];
	let serial = 0;
	let own = newOwn();

	return {
		async work(to, isOver) {
			// Those without an answer first: that is what one does.
			for (const batch of batches.filter(isUnknown)) {
				if (random.chance(0.5) && !(await sendAgain(to, batch))) return;
			}
			while (!isOver() && (await act(to)));
		},
	};

	/** @returns false where the answer was lost */
	async function act(to: Connection): Promise<boolean> {
		const kind = random.weighed(MIX);
		const stream = random.chance(0.5) ? random.pick(KEPT) : random.pick(own);
		const last = believed.get(stream) ?? -1;
		switch (kind) {
			case "single":
				return append(to, stream, "any", 1);
			case "batch":
				return append(to, stream, "any", 2 + random.below(6));
			case "largeBatch":
				return append(to, stream, "any", 10 + random.below(LARGE_BATCH_MAX), 40);
			case "expecting":
				return append(to, stream, last < 0 ? "no-stream" : last, 1 + random.below(3));
			case "conflicting":
				return append(to, stream, random.pick([last + 1, last - 1, 0].filter((v) => v >= 0)), 1);
			case "creating":
				return append(to, stream, random.pick(["no-stream", "stream-exists"]), 2);
			case "again":
				return batches.length === 0 || sendAgain(to, random.pick(batches.slice(-40)));
			case "twice": {
				const batch = begin(stream, "any", someEvents(1 + random.below(3)));
				const answers = await Promise.all([send(to, batch, true), send(to, batch, true)]);
				return answers.every((isThere) => isThere);
			}
			case "recreate": {
				const mine = random.pick(own);
				if (!(await change(to, mine, "softDelete"))) return false;
				return append(to, mine, random.pick(["no-stream", "any"]), 1 + random.below(3));
			}
			case "signedHead":
				return seeSignedHead(to);
			case "read":
				return readOwnWrite(to);
			case "redact":
				return redact(to);
			case "scavenge": {
				history.scavenges++;
				const outcome = await startScavenge(to);
				checkRefusal(outcome, OF_SCAVENGES, "a scavenge");
				return outcome.kind !== "unknown";
			}
			default:
				return change(to, random.pick(own), kind);
		}
	}

	/** What only the owner of a stream may do to it. */
	async function change(
		to: Connection,
		stream: string,
		kind: "metadata" | "softDelete" | "hardDelete",
	): Promise<boolean> {
		if (kind === "metadata") {
			const rule = random.pick([
				{ $maxCount: 1 + random.below(20) },
				{ $tb: random.below(10) },
				{},
			]);
			const data = Buffer.from(JSON.stringify({ ...rule, by: name, serial: serial++ }));
			const id = random.uuid();
			const event = { id, type: "$metadata", isJson: true, data, metadata: Buffer.alloc(0) };
			return send(to, begin(`$$${stream}`, "any", [event]));
		}
		const hard = kind === "hardDelete";
		const attempt = newAttempt(history, hard ? stream : `$$${stream}`);
		history.deletes.push({ stream, hard, attempt });
		const outcome = await sendDelete(to, { stream, hard });
		answered(history, attempt, stream, outcome, -1);
		checkRefusal(outcome, OF_WRITES, `a delete of ${stream}`);
		if (hard) own = [...own.filter((one) => one !== stream), ...newOwn().slice(1)];
		return outcome.kind !== "unknown";
	}

	function append(
		to: Connection,
		stream: string,
		expected: Expected,
		count: number,
		bytesMax?: number,
	) {
		return send(to, begin(stream, expected, someEvents(count, bytesMax)));
	}

	function begin(stream: string, expected: Expected, events: readonly SentEvent[]): Batch {
		const batch: Batch = { stream, expected, events, attempts: [] };
		history.batches.push(batch);
		batches.push(batch);
		return batch;
	}

	/** As it was sent, or at the version that the client now knows of: it is written once anyway. */
	function sendAgain(to: Connection, batch: Batch): Promise<boolean> {
		const last = believed.get(batch.stream);
		if (last === undefined || last < 0 || random.chance(0.5)) return send(to, batch);
		return send(to, batch, false, last);
	}

	async function send(
		to: Connection,
		batch: Batch,
		besides = false,
		expected = batch.expected,
	): Promise<boolean> {
		const { stream, events } = batch;
		const attempt = { ...newAttempt(history, stream, besides), expected };
		batch.attempts.push(attempt);
		const outcome = await sendBatch(to, batch, expected);
		const last = outcome.kind === "written" ? outcome.first + events.length - 1 : -1;
		answered(history, attempt, stream, outcome, last);
		if (outcome.kind === "written" && !outcome.repeated) believed.set(stream, last);
		else if (outcome.kind === "refused") believed.set(stream, outcome.current ?? -1);
		checkRefusal(outcome, OF_WRITES, `${expected} of ${stream}`);
		return outcome.kind !== "unknown";
	}

	function checkRefusal(outcome: Outcome, right: readonly string[], what: string): void {
		if (outcome.kind !== "refused" || right.includes(outcome.word)) return;
		if (outages.includes(outcome.word)) return;
		history.faults.push(`${what}: was answered ${outcome.word}`);
	}

	/** Takes the data of an event of its own, or all it holds. */
	async function redact(to: Connection): Promise<boolean> {
		const mine = batches.filter(({ stream }) => own.includes(stream));
		const batch = mine.length === 0 ? undefined : random.pick(mine);
		const written = batch?.attempts.find(({ outcome }) => outcome.kind === "written")?.outcome;
		if (!batch || written?.kind !== "written") return true;
		const { stream, events } = batch;
		const version = written.first + random.below(events.length);
		const metadata = random.chance(0.4);
		const attempt = newAttempt(history, stream);
		const redaction: Redaction = { stream, version, metadata, attempt };
		history.redactions.push(redaction);
		const outcome = await sendRedaction(to, redaction);
		redaction.attempt.outcome = outcome;
		if (outcome.kind === "written") redaction.answeredAt = process.hrtime.bigint();
		checkRefusal(outcome, OF_REDACTIONS, `a redaction of ${version}@${stream}`);
		return outcome.kind !== "unknown";
	}

	/** The newest event this client was told is written, from its own URL. */
	async function readOwnWrite(to: Connection): Promise<boolean> {
		const batch = batches.findLast(({ stream }) => stream.startsWith("kept-"));
		const outcome = batch?.attempts.at(-1)?.outcome;
		if (!batch || outcome?.kind !== "written") return true;
		const { stream, events } = batch;
		const reply = await getData(to, stream, outcome.first, outcome.position);
		if (!reply) return false;
		if (reply.status !== 200 || !events[0]?.data.equals(reply.data)) {
			history.faults.push(`${outcome.first}@${stream}: read as ${reply.status}, not as written`);
		}
		return true;
	}

	/** Asks for the signed head of the log, which must have all that anyone knows by now. */
	async function seeSignedHead(to: Connection): Promise<boolean> {
		const floor = Math.max(history.floors.position + 1, witness.size);
		const text = await getSignedHead(to);
		if (text === undefined) return false;
		witness.keep(text, floor, process.hrtime.bigint());
		return true;
	}

	function someEvents(count: number, bytesMax = 500): SentEvent[] {
		// A document holds JSON only; and metadata comes with documents only.
		const isJson = count > 1 || random.chance(0.95);
		return Array.from({ length: count }, (_, index) => {
			const bytes = count < 10 && random.chance(0.04) ? 40_000 : bytesMax;
			const content = {
				by: name,
				serial: serial++,
				index,
				of: count,
				pad: "x".repeat(random.below(bytes)),
			};
			const data = Buffer.from(JSON.stringify(content));
			const hasMetadata = isJson && random.chance(0.3);
			const $correlationId = `${name}-${random.below(3)}`;
			const metadata = Buffer.from(hasMetadata ? JSON.stringify({ $correlationId, index }) : "");
			const type = random.pick(["Grew", "Shrank"]);
			return { id: random.uuid(), type, isJson, data, metadata };
		});
	}

	function newOwn(): string[] {
		return [0, 1].map(() => `${name}-${random.below(1e9).toString(36)}`);
	}
}

function isUnknown({ attempts }: Batch): boolean {
	return attempts.at(-1)?.outcome.kind === "unknown";
}
