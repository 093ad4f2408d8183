/**
 * A PostgreSQL server of its own for the tests of a file: a cluster in a temporary folder, started
 * by a user who is not root, since PostgreSQL refuses root. Where it is not installed, the tests are
 * skipped, and say so.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";

/** Debian puts each release in a folder of its own. */
const RELEASES = "/usr/lib/postgresql";
/** Who runs it, where the tests run as root. */
const USER = "postgres";

/** The folder of its programs; undefined if there is none. */
export const POSTGRES_BIN = findPrograms();

/** A machine that runs other tests besides takes minutes for what takes one second. */
const START_MAX_MS = 300_000;

/** `describe`, or its skipping form with the reason in its name. */
export const describePostgres = (name: string, tests: () => void): void => {
	if (POSTGRES_BIN !== undefined) describe(name, tests);
	else describe.skip(`${name} (PostgreSQL is not installed: apt-get install postgresql)`, tests);
};

/** The same for tests that need a replica, which some packages of PostgreSQL cannot make. */
export const describeReplica = (name: string, tests: () => void): void => {
	const lacks = POSTGRES_BIN !== undefined && !existsSync(join(POSTGRES_BIN, "pg_basebackup"));
	if (lacks) describe.skip(`${name} (there is no pg_basebackup in ${POSTGRES_BIN})`, tests);
	else describePostgres(name, tests);
};

/** What a server says that does not start. */
const LOG_SHOWN_MAX = 2000;
/** Below the ports that Linux gives to connections. */
const PORT_MIN = 20_000;
const PORT_MAX = 32_000;

/** Settings of a cluster beside those of a test machine. */
export type ServerSettings = Readonly<Record<string, string>>;

export class PostgresServer {
	readonly port: number;
	readonly #folder: string;
	readonly #settings: ServerSettings;

	constructor(folder: string, port: number, settings: ServerSettings) {
		this.#folder = folder;
		this.port = port;
		this.#settings = settings;
	}

	/** The folder of the cluster. */
	get data(): string {
		return join(this.#folder, "data");
	}

	/** The address of a log in a schema. */
	store(schema = "varve", query = ""): string {
		const host = encodeURIComponent(this.#folder);
		return `postgres://postgres@/postgres?host=${host}&port=${this.port}&schema=${schema}${query}`;
	}

	start(): void {
		const settings = {
			listen_addresses: "127.0.0.1",
			port: String(this.port),
			unix_socket_directories: this.#folder,
			max_connections: "100",
			shared_buffers: "64MB",
			...this.#settings,
		};
		const options = Object.entries(settings).map(([name, value]) => `-c ${name}='${value}'`);
		const log = join(this.#folder, "log");
		const how = ["-w", "-t", String(START_MAX_MS / 1000), "-l", log, "-o", options.join(" ")];
		try {
			this.#run("pg_ctl", "-D", this.data, ...how, "start");
		} catch (error) {
			const said = existsSync(log) ? readFileSync(log, "utf8").slice(-LOG_SHOWN_MAX) : "";
			throw new Error(`${(error as Error).message}\n${said}`);
		}
	}

	/** @param mode `immediate` is a crash: nothing is written any more */
	stop(mode: "fast" | "immediate" = "immediate"): void {
		this.#run("pg_ctl", "-D", this.data, "-m", mode, "-w", "stop");
	}

	/**
	 * Gives files of the cluster that a test has put there to the user who runs it. A copy by
	 * `cpSync` of Node.js 22 has the folder's usual mode, which PostgreSQL refuses.
	 */
	own(): void {
		chmodSync(this.data, 0o700);
		if (process.getuid?.() === 0) execFileSync("chown", ["-R", USER, this.data]);
	}

	reload(): void {
		this.#run("pg_ctl", "-D", this.data, "reload");
	}

	/** Runs statements as the administrator. */
	async sql(text: string): Promise<Record<string, unknown>[]> {
		const client = new pg.Client({ host: this.#folder, port: this.port, ...ADMINISTRATOR });
		await client.connect();
		try {
			const results = (await client.query(text)) as unknown;
			const last = Array.isArray(results) ? results.at(-1) : results;
			return (last as pg.QueryResult).rows;
		} finally {
			await client.end();
		}
	}

	remove(): void {
		try {
			this.stop();
		} catch {
			// It was stopped before.
		}
		rmSync(this.#folder, { recursive: true, force: true });
	}

	init(): void {
		const how = ["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync"];
		this.#run("initdb", "-D", this.data, ...how);
	}

	/** A copy of a primary that goes on with what the primary writes. */
	follow({ port }: PostgresServer): void {
		const from = ["-h", "127.0.0.1", "-p", String(port), "-U", "postgres", "--no-sync"];
		this.#run("pg_basebackup", "-D", this.data, "-R", "-c", "fast", ...from);
	}

	#run(program: string, ...parameters: string[]): void {
		runAsUser(join(POSTGRES_BIN as string, program), parameters);
	}
}

const ADMINISTRATOR = { user: "postgres", database: "postgres" };

/** Makes a cluster and starts it. */
export async function startPostgres(settings: ServerSettings = {}): Promise<PostgresServer> {
	const server = new PostgresServer(newFolder(), await freePort(), settings);
	server.init();
	server.start();
	return server;
}

/** Makes a streaming replica of a cluster and starts it. */
export async function startReplica(
	primary: PostgresServer,
	settings: ServerSettings = {},
): Promise<PostgresServer> {
	const server = new PostgresServer(newFolder(), await freePort(), settings);
	server.follow(primary);
	server.start();
	return server;
}

/** A folder of the user who runs the server. */
export function newFolder(): string {
	const folder = mkdtempSync(join(tmpdir(), "varve-postgres-"));
	if (process.getuid?.() === 0) {
		chmodSync(folder, 0o755);
		execFileSync("chown", [USER, folder]);
	} else mkdirSync(folder, { recursive: true });
	return folder;
}

export function runAsUser(program: string, parameters: string[]): void {
	const isRoot = process.getuid?.() === 0;
	const command = isRoot ? "setpriv" : program;
	const identity = ["--reuid", USER, "--regid", USER, "--init-groups", program];
	const all = isRoot ? [...identity, ...parameters] : parameters;
	const { status, stdout, stderr } = spawnSync(command, all, {
		cwd: "/",
		stdio: ["ignore", "pipe", "pipe"],
		encoding: "utf8",
		timeout: START_MAX_MS,
	});
	if (status !== 0) throw new Error(`${program} failed: ${stdout}${stderr}`);
}

function findPrograms(): string | undefined {
	const given = process.env.VARVE_POSTGRES_BIN;
	if (given !== undefined) return given;
	if (!existsSync(RELEASES)) return undefined;
	const releases = readdirSync(RELEASES).filter((name) => /^\d+$/.test(name));
	const newest = releases.sort((one, other) => Number(other) - Number(one));
	return newest
		.map((release) => join(RELEASES, release, "bin"))
		.find((folder) => existsSync(join(folder, "initdb")));
}

/**
 * A port that nobody listens on. A server that a test stops and starts again has to get it again:
 * so it is none of those that the system gives to connections.
 */
export async function freePort(): Promise<number> {
	for (;;) {
		const port = randomInt(PORT_MIN, PORT_MAX);
		if (await isFree(port)) return port;
	}
}

function isFree(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const server = createServer();
		server.once("error", () => resolve(false));
		server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
	});
}
