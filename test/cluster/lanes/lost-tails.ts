/**
 * Fail-overs to an asynchronous standby that lacks the newest events. What was acknowledged is lost,
 * which no node may hide: each serves nothing any more until an operator has given the history that
 * goes on another number, and neither a cache nor a reader takes one history for the other.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ReadError } from "../../../feeds/reader/error.ts";
import { verifyStore } from "../../../src/log/postgres/tools.ts";
import type { Random } from "../../durability/torture/random.ts";
import { Cluster } from "../hosts/cluster.ts";
import { until } from "../hosts/until.ts";
import { appendOne, appendSome, type Following, followLog, idsOf } from "./events.ts";

export type LostTailsResult = {
	rounds: number;
	/** Acknowledged events that the new primary lacked. */
	lost: number;
	/** Pages with lost events that the cache in front had kept, and went on to serve. */
	keptPages: number;
	/** Readers that had seen lost events, and stopped. */
	readersStopped: number;
	readonly faults: string[];
};

export type LostTailsOptions = {
	readonly random: Random;
	readonly goesOn: (rounds: number) => boolean;
	readonly onRound: (lost: number) => void;
};

/** One standby, which nobody waits for, and which takes over however far it is behind. */
const ASYNCHRONOUS = {
	synchronous_mode: false,
	synchronous_mode_strict: false,
	maximum_lag_on_failover: 1_000_000_000,
};
const STREAM = "order-1";
const PAGE = 20;
const PROBE_MS = 100;
const READER_SECONDS = 60;
const JSON_FEED = "application/vnd.eventstore.atom+json";
const REPLACED = /this server serves nothing any more/g;

export async function loseTailsAgainAndAgain(options: LostTailsOptions): Promise<LostTailsResult> {
	const { random, goesOn, onRound } = options;
	const faults: string[] = [];
	const result = { rounds: 0, lost: 0, keptPages: 0, readersStopped: 0, faults };
	const cluster = await Cluster.start({
		...{ nodes: 2, hosts: ["pg1", "pg2"] },
		dcs: ASYNCHRONOUS,
	});
	try {
		const log = new LosingLog(cluster, await cluster.begin(), result);
		while (goesOn(result.rounds) && faults.length === 0) {
			const lost = await log.loseTail(25 + random.below(50), 10 + random.below(40));
			result.rounds++;
			onRound(lost);
		}
	} catch (error) {
		faults.push(`after ${result.rounds} lost tails: ${(error as Error).stack}`);
	} finally {
		cluster.close(faults.length > 0);
	}
	return result;
}

class LosingLog {
	readonly #cluster: Cluster;
	readonly #schema: string;
	readonly #result: LostTailsResult;
	/** The ids of the history that goes on, in its order. */
	readonly #ids: string[] = [];

	constructor(cluster: Cluster, schema: string, result: LostTailsResult) {
		this.#cluster = cluster;
		this.#schema = schema;
		this.#result = result;
	}

	/** @returns how many acknowledged events were lost */
	async loseTail(tail: number, kept: number): Promise<number> {
		const { database, network, front } = this.#cluster;
		const reader = followLog(front.url);
		this.#ids.push(...(await appendSome(front.url, STREAM, kept)));
		const primary = await database.primary();
		const [standby] = database.hosts.filter((host) => host !== primary);
		if (!standby) throw new Error("there is no standby");
		await this.#replicated();
		network.cut(primary, standby);
		const lost = await appendSome(front.url, STREAM, tail);
		await until("the reader has seen what will be lost", () => {
			return reader.ids.length === this.#ids.length + tail;
		});
		const pages = await this.#sealedPages(this.#ids.length, this.#ids.length + tail);
		const noticed = this.#noticed();
		database.cutPower(primary);
		const probe = this.#probe();
		await until("the standby is primary", async () => (await database.primary()) === standby);
		network.mend(primary, standby);
		await until("both nodes have noticed", () => {
			return this.#noticed().every((times, node) => times === (noticed[node] ?? 0) + 1);
		});
		await this.#refuseStart();
		await this.#raise();
		this.#result.faults.push(...(await probe()));
		await this.#goOn(lost, pages);
		await this.#stopped(reader);
		database.startHost(primary);
		await database.whole();
		this.#result.lost += lost.length;
		return lost.length;
	}

	/** Until the standby has all that the primary has. */
	async #replicated(): Promise<void> {
		await until("the standby has all events", async () => {
			const [row] = await this.#cluster.database.sql(
				"SELECT bool_and(replay_lsn >= pg_current_wal_lsn()) AS is_there FROM pg_stat_replication",
			);
			return row?.is_there === true;
		});
	}

	/** Full pages that hold lost events, by their URLs; the cache in front keeps them for a year. */
	async #sealedPages(first: number, end: number): Promise<Map<string, string>> {
		const pages = new Map<string, string>();
		const start = Math.floor(first / PAGE) * PAGE;
		for (let from = start; from + PAGE <= end; from += PAGE) {
			const url = await this.#address(from);
			await (await this.#page(url)).text();
			const answer = await this.#page(url);
			const text = await answer.text();
			if (answer.headers.get("x-cache-status") === "HIT") pages.set(url, text);
		}
		return pages;
	}

	/** The URL of a page in the history that goes on now. */
	async #address(from: number): Promise<string> {
		const { front } = this.#cluster;
		const incarnation = await this.#incarnation();
		const number = incarnation === 1 ? "" : `?i=${incarnation}`;
		return `${front.url}/streams/${STREAM}/${from}/forward/${PAGE}${number}`;
	}

	#page(url: string): Promise<Response> {
		return fetch(url, { headers: { Accept: JSON_FEED } });
	}

	async #incarnation(): Promise<number> {
		const text = `SELECT incarnation::int FROM ${this.#schema}.store`;
		const [row] = await this.#cluster.database.sql(text, "varve");
		return Number(row?.incarnation);
	}

	/** How often each node has said that it serves nothing any more. */
	#noticed(): number[] {
		const { nodes } = this.#cluster;
		return nodes.hosts.map((host) => [...nodes.logOf(host).matchAll(REPLACED)].length);
	}

	/**
	 * Asks each node all the time. From the death of the primary until the nodes were started anew,
	 * none may acknowledge an append, or show a head.
	 */
	#probe(): () => Promise<string[]> {
		const found: string[] = [];
		let isOver = false;
		const probing = this.#cluster.nodes.hosts.map(async ({ name, address }) => {
			const url = `http://${address}:2113`;
			while (!isOver) {
				const { status } = await appendOne(url, STREAM, randomUUID());
				if (isOver) return;
				if (status === 201) found.push(`${name} acknowledged an append to the other history`);
				const head = await fetch(`${url}/streams/%24all/head/backward/1`).catch(() => undefined);
				if (isOver) return;
				if (head?.status === 200) found.push(`${name} showed the head of the other history`);
				await sleep(PROBE_MS);
			}
		});
		return async () => {
			isOver = true;
			await Promise.all(probing);
			return [...new Set(found)];
		};
	}

	/** A node that has seen the lost events does not start on the history without them. */
	async #refuseStart(): Promise<void> {
		const { nodes } = this.#cluster;
		const [host] = nodes.hosts;
		if (!host) return;
		await nodes.end(host, "SIGTERM");
		const before = nodes.logOf(host).length;
		nodes.startNode(host);
		await until("the node has refused to start", () => !nodes.isUp(host));
		const said = nodes.logOf(host).slice(before);
		if (!/holds another log than before/.test(said)) {
			this.#result.faults.push(`${host.name} ended, and did not say why: ${said}`);
		}
	}

	/** What docs/postgresql.md tells an operator to do. */
	async #raise(): Promise<void> {
		const { nodes } = this.#cluster;
		const [host, other] = nodes.hosts;
		if (!host || !other) return;
		const before = await this.#incarnation();
		nodes.raise(host);
		const raised = await this.#incarnation();
		if (raised <= before) this.#result.faults.push(`the number is ${raised}, and was ${before}`);
		const answer = await fetch(`http://${other.address}:2113/streams/%24all/head/backward/1`);
		if (answer.status !== 503) {
			this.#result.faults.push(
				`${other.name} answered ${answer.status} before it was started anew`,
			);
		}
		await nodes.end(other, "SIGTERM");
	}

	/** A reader that has seen lost events must not go on as if nothing had happened. */
	async #stopped(reader: Following): Promise<void> {
		let why: unknown = "nothing: it goes on";
		reader.ended.then((reason) => {
			why = reason;
		});
		const isReplaced = () => why instanceof ReadError && why.failure === "history-replaced";
		await until("the reader of lost events stops", isReplaced, READER_SECONDS).catch(() => {
			this.#result.faults.push(`the reader of lost events ended with ${why}`);
		});
		if (isReplaced()) this.#result.readersStopped++;
		reader.stop();
	}

	/** The nodes serve the history that goes on, and nothing of the lost one under its number. */
	async #goOn(lost: readonly string[], pages: ReadonlyMap<string, string>): Promise<void> {
		const { nodes, front, database } = this.#cluster;
		for (const host of nodes.hosts) nodes.startNode(host);
		await nodes.ready();
		await front.ready();
		this.#ids.push(...(await appendSome(front.url, STREAM, lost.length + PAGE)));
		const { faults } = this.#result;
		const read = await idsOf(front.url);
		if (read.join() !== this.#ids.join()) {
			const at = read.findIndex((id, index) => id !== this.#ids[index]);
			const isLost = lost.includes(read[at] ?? "") ? ", which was lost" : "";
			faults.push(`a new reader finds ${read[at]}${isLost} at ${at} of ${read.length} events`);
		}
		for (const [url, text] of pages) {
			const answer = await this.#page(url);
			const now = await answer.text();
			if (answer.status === 200 && now === text) this.#result.keptPages++;
			else faults.push(`${url} was kept, and is answered ${answer.status} now`);
		}
		const store = `${await database.superuser()}?schema=${this.#schema}`;
		const { ok, faults: damage } = await verifyStore(store);
		if (!ok) faults.push(`verify found: ${damage}`);
	}
}
