/**
 * The clients and readers of the crash tests, through the front of a cluster; and the oracle that
 * holds the log against what they were told.
 */
import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { TileSource } from "../../../feeds/index.ts";
import { ServerSource } from "../../../src/cli/proof/source.ts";
import { verifyStore } from "../../../src/log/postgres/tools.ts";
import { type Client, createClients } from "../../durability/torture/clients.ts";
import { type History, keepHistory, newHistory } from "../../durability/torture/history.ts";
import { isStill, readFaults } from "../../durability/torture/life.ts";
import { faultsOf, type LoggedEvent } from "../../durability/torture/oracle.ts";
import type { Random } from "../../durability/torture/random.ts";
import { type Follower, followAll } from "../../durability/torture/readers.ts";
import type { Outages } from "../../durability/torture/requests.ts";
import { shownByStream } from "../../durability/torture/shown.ts";
import { type EventRow, loggedEvent } from "../../durability/torture/stored.ts";
import { createWitness, type Witness } from "../../durability/torture/witness.ts";
import type { Cluster } from "../hosts/cluster.ts";
import { until } from "../hosts/until.ts";

const CLIENTS = 8;
const PAUSE_MS = 100;
/** Readers ask a server that is gone so often. */
const PATIENCE_MS = 200;
/** How often it looks whether anything was acknowledged. */
const LOOK_MS = 20;

/** What a client may be told when the database, a node or the way to it is gone. */
const OUTAGES: Outages = {
	refused: ["database-unreachable", "not-leader", "log-locked", "shutting-down", "overloaded"],
	unknown: ["request-timeout", "position-not-reached"],
	pause: () => sleep(PAUSE_MS),
};

const EVENTS = `
	SELECT e.position::float8 AS position, s.name AS stream, e.version::float8 AS version,
		e.id::text AS id, e.type, e.flags, e.data, e.metadata, e.created::float8 AS created,
		encode(e.hash, 'hex') AS leaf
	FROM @.events e JOIN @.streams s ON s.id = e.stream ORDER BY e.position`;

export class Load {
	readonly history: History = newHistory();
	readonly witness: Witness;
	readonly base = 0;
	/** All events, as the last check read them. */
	readonly log: LoggedEvent[] = [];
	readonly followers: readonly Follower[];
	readonly schema: string;
	readonly #cluster: Cluster;
	readonly #clients: readonly Client[];
	readonly #tree: ServerSource;
	#isOver = true;
	#working: Promise<unknown> = Promise.resolve();
	#longestGapMs = 0;

	private constructor(cluster: Cluster, schema: string, key: string, random: Random) {
		const { url } = cluster.front;
		this.#cluster = cluster;
		this.schema = schema;
		this.#tree = new ServerSource(url, {});
		this.witness = createWitness(key, process.hrtime.bigint());
		const { history, witness } = this;
		const notes = { history, witness, outages: OUTAGES.refused };
		this.#clients = createClients(CLIENTS, notes, random, schema);
		this.followers = followAll(url, [], PATIENCE_MS);
	}

	/** Begins on a log that the nodes have just made. */
	static async begin(cluster: Cluster, schema: string, random: Random): Promise<Load> {
		const key = await new ServerSource(cluster.front.url, {}).key();
		return new Load(cluster, schema, key, random);
	}

	/** Lets the clients work until they are stopped, whatever they are told. */
	start(): void {
		this.#isOver = false;
		this.#longestGapMs = 0;
		const { address } = this.#cluster.front.host;
		const agent = new Agent({ keepAlive: true });
		const to = { port: this.#cluster.front.port, host: address, agent, outages: OUTAGES };
		const working = this.#clients.map(async (client) => {
			while (!this.#isOver) await client.work(to, () => this.#isOver);
		});
		this.#working = Promise.all([...working, this.#watch()]).finally(() => agent.destroy());
		this.#working.catch(() => undefined);
	}

	async stop(): Promise<void> {
		this.#isOver = true;
		await this.#working;
	}

	/** Waits until so many more events were acknowledged. */
	async acknowledged(events: number): Promise<void> {
		const enough = this.history.floors.position + events;
		await until(`${events} more events are acknowledged`, async () => {
			await Promise.race([sleep(LOOK_MS), this.#working]);
			return this.history.floors.position >= enough;
		});
	}

	/** Between two acknowledged appends, since the start. */
	get longestGapMs(): number {
		return this.#longestGapMs;
	}

	/** What is wrong with the log, its pages and its readers; the clients rest. */
	async check(): Promise<string[]> {
		const before = this.log.splice(0, this.log.length);
		for (const event of await this.#stored()) this.log.push(event);
		const changed = before.findIndex((event, index) => !isStill(event, this.log[index]));
		const rewritten = changed < 0 ? [] : [`position ${changed} is not what it was`];
		const tree = this.#tree;
		const [key, signedHead] = await Promise.all([tree.key(), tree.signedHead()]);
		const tile: TileSource = (one) => tree.tile(one);
		const witnessed = await this.witness.faults({ key, signedHead, tile }, this.history);
		const seen = await Promise.all(this.followers.map((follower) => follower.faults(this.log)));
		return [
			...rewritten,
			...faultsOf(this.history, this.log),
			...witnessed,
			...seen.flat(),
			...(await readFaults(this.#cluster.front.url, shownByStream(this.log))),
			...(await this.#verified()),
		];
	}

	/** Ends the readers; leaves what was told in the cluster's folder if something is wrong. */
	async end(faults: readonly string[]): Promise<void> {
		if (faults.length > 0) keepHistory(this.#cluster.folder, this.history, faults);
		await Promise.all(this.followers.map((follower) => follower.stop()));
	}

	async #watch(): Promise<void> {
		const { floors } = this.history;
		let [seen, sinceMs] = [floors.position, performance.now()];
		while (!this.#isOver) {
			await sleep(LOOK_MS);
			this.#longestGapMs = Math.max(this.#longestGapMs, performance.now() - sinceMs);
			if (floors.position > seen) [seen, sinceMs] = [floors.position, performance.now()];
		}
	}

	/** The log as it lies in the database of the primary. */
	async #stored(): Promise<LoggedEvent[]> {
		const client = new pg.Client({ connectionString: await this.#cluster.database.superuser() });
		await client.connect();
		try {
			const { rows } = await client.query(EVENTS.replaceAll("@", this.schema));
			return (rows as EventRow[]).map(loggedEvent);
		} finally {
			await client.end();
		}
	}

	async #verified(): Promise<string[]> {
		const store = `${await this.#cluster.database.superuser()}?schema=${this.schema}`;
		const { ok, events, faults } = await verifyStore(store);
		if (ok && events === this.log.length) return [];
		return [`verify found ${events} events of ${this.log.length}`, ...faults];
	}
}
