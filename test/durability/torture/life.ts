/**
 * One data directory and what happens to it: a server on it is loaded, killed, started again, and
 * held against the oracle, over and over; at last it is stopped in peace, and verified offline.
 */
import { existsSync, readFileSync } from "node:fs";
import type { TileSource } from "../../../feeds/index.ts";
import { readStream } from "../../../feeds/reader/read.ts";
import { ServerSource } from "../../../src/cli/proof/source.ts";
import { verifyDirectory } from "../../../src/log/sqlite/verify/verifier.ts";
import { type Client, createClients, workAll } from "./clients.ts";
import { type History, newHistory } from "./history.ts";
import { faultsOf, type LoggedEvent } from "./oracle.ts";
import type { Random } from "./random.ts";
import { type Follower, followAll } from "./readers.ts";
import { killAtStart, type Launch, type Running, startServer } from "./server.ts";
import { type Shown, shownByStream } from "./shown.ts";
import { storedEvents } from "./stored.ts";
import { createWitness, type Witness } from "./witness.ts";

export type Life = {
	readonly history: History;
	readonly witness: Witness;
	/** How many events there were before. */
	readonly base: number;
	/** All events, as the last check read them. */
	readonly log: LoggedEvent[];
	readonly followers: readonly Follower[];
	/** Loads the server, and kills it. */
	loadAndKill(load: Load): Promise<void>;
	/** Starts a server and kills it before it is ready. */
	killAtStart(afterMs: number): Promise<void>;
	/** Starts the server again and returns what is wrong. */
	recover(): Promise<string[]>;
	/** Stops the server as an operator does, and returns what is wrong. */
	end(): Promise<string[]>;
	/** Kills what is left, where something went wrong. */
	abandon(): Promise<void>;
};

/** How long a server is under load. By answers: a busy machine takes longer for the same. */
export type Load = {
	readonly answers: number;
	/** After those. */
	readonly ms: number;
	/** Then waits for the next checkpoint to begin, if there is one soon. */
	readonly intoCheckpoint: boolean;
};

/** Of the kills that may hit anything, so many wait for a checkpoint. */
const INTO_CHECKPOINT = 0.35;
const MS_MAX = 40;

export function someLoad(random: Random, answersMax: number): Load {
	return {
		answers: 1 + random.below(answersMax),
		ms: random.below(MS_MAX),
		intoCheckpoint: random.chance(INTO_CHECKPOINT),
	};
}

const CLIENTS = 16;
/** A machine that does other things may take long until the first answer. */
const WAITS_MAX = 3000;
const CHECKPOINT_WAITS_MAX = 75;

const ports = new Set<number>();

/** @param name makes the names of its streams its own; `base`: what lies in the directory */
export async function beginLife(
	launch: Omit<Launch, "port">,
	random: Random,
	name: string,
	base: readonly LoggedEvent[] = [],
): Promise<Life> {
	const history = newHistory();
	const log: LoggedEvent[] = [...base];
	let server: Running = await startSomewhere(launch, random.branch());
	const { url, port } = server;
	const shownTree = new ServerSource(url, {});
	const witness = createWitness(await shownTree.key(), process.hrtime.bigint());
	const clients: Client[] = createClients(CLIENTS, { history, witness }, random, name);
	const followers = followAll(url, base);
	let isUp = true;

	return {
		history,
		witness,
		base: base.length,
		log,
		followers,

		async loadAndKill({ answers, ms, intoCheckpoint }) {
			const enough = history.answers + answers;
			const working = workAll(clients, port, () => false);
			await until(() => history.answers >= enough, WAITS_MAX);
			await new Promise((resolve) => setTimeout(resolve, ms));
			const marked = marks().length;
			const isInside = () => marks().length > marked && marks().endsWith("<");
			const comes = intoCheckpoint && launch.checkpointPages !== undefined;
			if (comes) await until(isInside, CHECKPOINT_WAITS_MAX);
			await kill();
			await working;
		},

		killAtStart: (afterMs) => killAtStart({ ...launch, port }, afterMs),

		async recover() {
			server = await startServer({ ...launch, port });
			isUp = true;
			return check();
		},

		async end() {
			const faults = await check();
			await Promise.all(followers.map((follower) => follower.stop()));
			const code = await server.stop();
			isUp = false;
			if (code !== 0) faults.push(`the server ended with code ${code} after SIGTERM`);
			return [...faults, ...(await verified())];
		},

		async abandon() {
			await kill();
			await Promise.all(followers.map((follower) => follower.stop()));
		},
	};

	/** What the writer wrote of its checkpoints. */
	function marks(): string {
		const { checkpointMarks: file = "" } = launch;
		return existsSync(file) ? readFileSync(file, "utf8") : "";
	}

	async function kill(): Promise<void> {
		if (isUp) await server.kill();
		isUp = false;
	}

	async function check(): Promise<string[]> {
		const before = log.splice(0, log.length);
		log.push(...storedEvents(launch.data));
		const changed = before.findIndex((event, index) => !isStill(event, log[index]));
		const rewritten = changed < 0 ? [] : [`position ${changed} is not what it was`];
		const [key, signedHead] = await Promise.all([shownTree.key(), shownTree.signedHead()]);
		const tile: TileSource = (one) => shownTree.tile(one);
		const witnessed = await witness.faults({ key, signedHead, tile }, history);
		const seen = await Promise.all(followers.map((follower) => follower.faults(log)));
		const reads = await readFaults(url, shownByStream(log));
		return [
			...rewritten,
			...faultsOf(history, log, base.length),
			...witnessed,
			...seen.flat(),
			...reads,
			...(await verified()),
		];
	}

	async function verified(): Promise<string[]> {
		const { ok, events, faults } = await verifyDirectory(launch.data);
		if (ok && events === log.length) return [];
		return [`verify found ${events} events of ${log.length}`, ...faults];
	}
}

/**
 * A port that stays free while no server has it: the system gives those from 32768 on to whoever
 * connects somewhere, and to a reader that asks a dead server at such a port even that port itself.
 */
async function startSomewhere(launch: Omit<Launch, "port">, random: Random): Promise<Running> {
	for (let tries = 1; ; tries++) {
		const port = 11_000 + random.below(20_000);
		// Another life may have it, though its server be dead.
		if (ports.has(port)) continue;
		ports.add(port);
		try {
			return await startServer({ ...launch, port });
		} catch (error) {
			if (tries === 20 || !String(error).includes("is taken")) throw error;
		}
	}
}

async function until(isSo: () => boolean, waitsMax: number): Promise<void> {
	for (let waits = 0; !isSo() && waits < waitsMax; waits++) {
		await new Promise((resolve) => setTimeout(resolve, 2));
	}
}

/** Nothing but its content can be taken from an event, and not the hash of that. */
export function isStill(event: LoggedEvent, now: LoggedEvent | undefined): boolean {
	const { position, id, stream, version, type, created, leaf, erased } = event;
	const has = (content: "data" | "metadata") =>
		now !== undefined && Buffer.compare(event[content], now[content]) === 0;
	return (
		now?.position === position &&
		now.id === id &&
		now.stream === stream &&
		now.version === version &&
		now.type === type &&
		now.created === created &&
		now.leaf === leaf &&
		(now.erased === undefined
			? erased === undefined && has("data") && has("metadata")
			: now.data.length === 0 && (now.metadata.length === 0 || has("metadata")))
	);
}

/** Streams that are read anew at each check; those that were touched last. */
const STREAMS_READ = 24;

/** Reads the streams as their readers do, and compares that with what the log says of them. */
export async function readFaults(
	url: string,
	shown: ReadonlyMap<string, Shown>,
): Promise<string[]> {
	const faults: string[] = [];
	for (const [stream, expected] of [...shown].slice(-STREAMS_READ)) {
		const found = await readVersions(url, stream);
		const wanted = expected === "gone" ? "gone" : expected.map(({ version }) => version).join();
		if (found !== wanted) faults.push(`${stream}: reads give ${found}; ${wanted} is shown`);
	}
	return faults;
}

async function readVersions(url: string, stream: string): Promise<string> {
	const versions: number[] = [];
	try {
		for await (const { version } of readStream({ url, stream })) versions.push(version);
	} catch (error) {
		if ((error as { failure?: unknown }).failure === "stream-deleted") return "gone";
		throw error;
	}
	return versions.join();
}
