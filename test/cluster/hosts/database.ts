/**
 * PostgreSQL on three hosts under Patroni, and etcd on one: the example's own configuration, with
 * shorter times.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import pg from "pg";
import { POSTGRES_BIN } from "../../log/postgres/server.ts";
import { Disk } from "./disk.ts";
import type { Host, Network } from "./network.ts";
import { until } from "./until.ts";

const yaml = createRequire(import.meta.url)("js-yaml") as {
	load(text: string): unknown;
	dump(value: unknown): string;
};

const EXAMPLE = new URL("../../../examples/patroni/patroni.yml", import.meta.url);
const USER = "postgres";
const PASSWORD = "for-tests";
/** A cluster under test notices within seconds what a real one notices within half a minute. */
const TIMES = { ttl: 15, loop_wait: 2, retry_timeout: 5 };
/** Three servers on one machine; what they share is in their folders, not in the system's. */
const MACHINE = { shared_buffers: "64MB", dynamic_shared_memory_type: "mmap" };
const ASK_MS = 4000;
/** All stream, and Patroni names no synchronous standby for so long. */
const STANDS_STILL_MS = 45_000;

export type DatabaseOptions = {
	/** Settings of the cluster instead of the example's. */
	readonly dcs?: Readonly<Record<string, unknown>>;
	readonly hosts?: readonly string[];
};

export type Member = {
	readonly name: string;
	readonly role: string;
	readonly state: string;
	readonly timeline?: number;
};

type Example = {
	name: string;
	scope: string;
	bootstrap: { dcs: Record<string, unknown> & { postgresql: { parameters: object } } };
	postgresql: Record<string, unknown> & { authentication: Record<string, object> };
	[other: string]: unknown;
};

export class DatabaseCluster {
	readonly hosts: readonly Host[];
	readonly store: Host;
	/** How often Patroni stood still, and an operator corrected its note of the standby. */
	corrections = 0;
	readonly #folder: string;
	readonly #network: Network;
	readonly #options: DatabaseOptions;
	readonly #disks = new Map<Host, Disk>();

	constructor(network: Network, folder: string, options: DatabaseOptions = {}) {
		const names = options.hosts ?? ["pg1", "pg2", "pg3"];
		this.#network = network;
		this.#folder = folder;
		this.#options = options;
		this.store = network.add("dcs", 21);
		this.hosts = names.map((name, index) => network.add(name, 11 + index));
	}

	/** Makes the cluster; resolves once its standbys are there, the synchronous one too. */
	async start(): Promise<void> {
		const url = `http://${this.store.address}`;
		this.store.start([
			...["etcd", "--name", "dcs", "--data-dir", join(this.#folder, "etcd")],
			...["--listen-client-urls", `${url}:2379`, "--advertise-client-urls", `${url}:2379`],
			...["--listen-peer-urls", `${url}:2380`, "--initial-advertise-peer-urls", `${url}:2380`],
			...["--initial-cluster", `dcs=${url}:2380`, "--unsafe-no-fsync", "--enable-v2"],
		]);
		await until("etcd answers", async () => (await fetch(`${url}:2379/health`)).ok);
		for (const host of this.hosts) this.startHost(host);
		await this.whole();
		await this.sql(`CREATE ROLE varve LOGIN PASSWORD '${PASSWORD}'`);
		await this.sql("CREATE DATABASE varve OWNER varve");
	}

	/** Starts Patroni on a host, which starts PostgreSQL. */
	startHost(host: Host): void {
		const folder = join(this.#folder, host.name);
		if (!this.#disks.has(host)) this.#addDisk(host, folder);
		const file = join(folder, "patroni.yml");
		writeFileSync(file, this.#configuration(host, folder));
		execFileSync("chown", [USER, folder]);
		host.start(["patroni", file], { as: USER });
	}

	/** Cuts the power of a host: it loses its processes, and what they had not synced. */
	cutPower(host: Host): void {
		host.kill();
		this.#disks.get(host)?.cut();
	}

	#addDisk(host: Host, folder: string): void {
		mkdirSync(folder, { recursive: true });
		const disk = new Disk(`${folder}.disk`, folder);
		disk.prove();
		this.#disks.set(host, disk);
	}

	/** What Patroni knows of the cluster, by any host that answers. */
	async members(): Promise<readonly Member[]> {
		const asked = this.hosts.map(async (host) => {
			const { members } = (await ask(host, "/cluster")) as { members: Member[] };
			return members;
		});
		return Promise.any(asked);
	}

	/** The host that holds the leader's key, and knows it. */
	async primary(): Promise<Host> {
		const asked = this.hosts.map(async (host) => {
			await ask(host, "/primary");
			return host;
		});
		return Promise.any(asked);
	}

	/** The standbys that a fail-over may take, by the key that Patroni goes by. */
	async synchronous(): Promise<readonly Host[]> {
		const members = await this.members();
		const names = members.filter(({ role }) => role === "sync_standby").map(({ name }) => name);
		return this.hosts.filter(({ name }) => names.includes(name));
	}

	/** Waits until all hosts stream, and, if so configured, one of them is the synchronous standby. */
	async whole(): Promise<void> {
		let sinceMs = performance.now();
		await until("the cluster is whole", async () => {
			const primary = await this.primary();
			const { members } = (await ask(primary, "/cluster")) as { members: Member[] };
			const isStreaming = this.#streams(members);
			if (isStreaming && this.#hasStandby(members)) return true;
			if (!isStreaming) sinceMs = performance.now();
			else if (performance.now() - sinceMs > STANDS_STILL_MS) {
				await this.#takeNote(primary);
				sinceMs = performance.now();
			}
			return false;
		});
	}

	#streams(members: readonly Member[]): boolean {
		if (members.length < this.hosts.length) return false;
		const isUp = ({ state }: Member) => state === "running" || state === "streaming";
		const timelines = new Set(members.map(({ timeline }) => timeline));
		const leaders = members.filter(({ role }) => role === "leader");
		return members.every(isUp) && timelines.size === 1 && leaders.length === 1;
	}

	#hasStandby(members: readonly Member[]): boolean {
		const { synchronous_mode: isSynchronous = true } = this.#options.dcs ?? {};
		return isSynchronous === false || members.some(({ role }) => role === "sync_standby");
	}

	/**
	 * Patroni 3.0.2 does not touch its note of the synchronous standby if that names another primary,
	 * as it may after two were primary in turn. Appends go on, and no fail-over ever would. As an
	 * operator: this host is the primary, and nobody may take over from it yet.
	 */
	async #takeNote(primary: Host): Promise<void> {
		const note = JSON.stringify({ leader: primary.name, sync_standby: null });
		await fetch(`http://${this.store.address}:2379/v2/keys/service/varve/sync`, {
			method: "PUT",
			body: new URLSearchParams({ value: note }),
		});
		this.corrections++;
	}

	/** Runs statements on the primary, as the administrator. */
	async sql(text: string, database = "postgres", host?: Host): Promise<Record<string, unknown>[]> {
		const { address } = host ?? (await this.primary());
		const client = new pg.Client({
			...{ host: address, port: 5432, user: USER, password: PASSWORD, database },
			connectionTimeoutMillis: 5000,
		});
		client.on("error", () => undefined);
		await client.connect();
		try {
			const results = (await client.query(text)) as unknown;
			const last = Array.isArray(results) ? results.at(-1) : results;
			return (last as pg.QueryResult).rows;
		} finally {
			await client.end();
		}
	}

	/** Hands over to another host, as an operator does. */
	async switchOver(leader: Host, candidate: Host): Promise<void> {
		const answer = await fetch(`http://${leader.address}:8008/switchover`, {
			method: "POST",
			body: JSON.stringify({ leader: leader.name, candidate: candidate.name }),
			signal: AbortSignal.timeout(60_000),
		});
		if (!answer.ok) throw new Error(`switchover: ${answer.status} ${await answer.text()}`);
	}

	/** Changes settings of the cluster. */
	async configure(dcs: Readonly<Record<string, unknown>>): Promise<void> {
		const { address } = await this.primary();
		const body = JSON.stringify(dcs);
		const answer = await fetch(`http://${address}:8008/config`, { method: "PATCH", body });
		if (!answer.ok) throw new Error(`config: ${answer.status} ${await answer.text()}`);
	}

	/** The processes of PostgreSQL on a host, without Patroni. */
	postgresOf(host: Host): number[] {
		return host.pids().filter((pid) => {
			try {
				return readFileSync(`/proc/${pid}/comm`, "utf8").startsWith("postgres");
			} catch {
				return false;
			}
		});
	}

	/** The address of the database on the primary, for its administrator. */
	async superuser(): Promise<string> {
		return `postgres://${USER}:${PASSWORD}@${(await this.primary()).address}:5432/varve`;
	}

	/** The address that a node names, behind the HAProxy beside it. */
	static address(schema: string): string {
		return `postgres://varve:${PASSWORD}@127.0.0.1:5000/varve?schema=${schema}`;
	}

	#configuration(host: Host, folder: string): string {
		const example = yaml.load(readFileSync(EXAMPLE, "utf8")) as Example;
		const { dcs } = example.bootstrap;
		const network = `${this.#network.address.replace(/\d+$/, "0")}/24`;
		const parameters = { ...dcs.postgresql.parameters, ...MACHINE };
		const given = example.postgresql.authentication;
		const roles = Object.entries(given).map(([role, one]) => [
			role,
			{ ...one, password: PASSWORD },
		]);
		return yaml.dump({
			...example,
			name: host.name,
			restapi: { listen: `${host.address}:8008`, connect_address: `${host.address}:8008` },
			etcd: { hosts: [`${this.store.address}:2379`] },
			bootstrap: {
				...example.bootstrap,
				dcs: {
					...{ ...dcs, ...TIMES, postgresql: { ...dcs.postgresql, parameters } },
					...this.#options.dcs,
				},
			},
			postgresql: {
				...example.postgresql,
				listen: `${host.address}:5432`,
				connect_address: `${host.address}:5432`,
				data_dir: join(folder, "data"),
				bin_dir: POSTGRES_BIN,
				pgpass: join(folder, "pgpass"),
				authentication: Object.fromEntries(roles),
				parameters: { unix_socket_directories: folder },
				pg_hba: [
					"local all all peer",
					`host all all ${network} scram-sha-256`,
					`host replication replicator ${network} scram-sha-256`,
				],
			},
		});
	}
}

async function ask(host: Host, path: string): Promise<unknown> {
	const signal = AbortSignal.timeout(ASK_MS);
	const answer = await fetch(`http://${host.address}:8008${path}`, { signal });
	const body = await answer.text();
	if (!answer.ok) throw new Error(`${host.name}${path}: ${answer.status}`);
	return JSON.parse(body);
}
