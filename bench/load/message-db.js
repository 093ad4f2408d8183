// A PostgreSQL server of its own with message-db in it, which holds the same orders as a log.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { logFile } from "../../dist/src/log/sqlite/files/directory.js";

const BINARIES = "/usr/lib/postgresql";
const ROWS = 1000;
/** The latest that the contract of `get_category_messages` is measured with. */
const PACKAGES = ["pg@8", "@eventide/message-db@1.3"];

/** Why there can be no such server here; undefined if there can. */
export function lacksPostgres() {
	if (binaries() === undefined) return "PostgreSQL is not installed";
	if (process.getuid?.() === 0 && owner() === undefined) return "there is no user postgres";
	return undefined;
}

/**
 * Installs the packages into a folder of their own, and starts a server with the orders of a log.
 * @returns the folders a consumer needs, and the way to end the server
 */
export async function startMessageDb(workDir, directory) {
	const packages = installPackages(workDir);
	const { folder, stop } = await startPostgres();
	installMessageDb(packages, folder);
	await fill(packages, folder, directory);
	return { packages, folder, stop };
}

/** @returns the folder that has the packages */
export function installPackages(workDir) {
	const packages = join(workDir, "message-db");
	mkdirSync(packages, { recursive: true });
	const quiet = ["--no-audit", "--no-fund", "--no-save", "--loglevel=error"];
	execFileSync("npm", ["install", "--prefix", packages, ...quiet, ...PACKAGES], {
		stdio: "ignore",
	});
	return packages;
}

/** A server on a socket in a folder of its own; what it answers is on disk. */
export async function startPostgres(settings = []) {
	// The path of a socket has 107 bytes at most.
	const folder = mkdtempSync(join(tmpdir(), "varve-pg-"));
	chmodSync(folder, 0o777);
	const data = join(folder, "data");
	const as = owner() ?? {};
	const options = {
		...as,
		cwd: folder,
		stdio: "ignore",
		env: { ...process.env, LC_ALL: "C.UTF-8" },
	};
	const bin = binaries();
	execFileSync(join(bin, "initdb"), ["-D", data, "-U", "postgres", "-A", "trust"], options);
	const server = spawn(
		join(bin, "postgres"),
		[
			"-D",
			data,
			"-k",
			folder,
			"-c",
			"listen_addresses=",
			"-c",
			"shared_buffers=512MB",
			...settings,
		],
		options,
	);
	const stop = async () => {
		const gone = once(server, "exit");
		server.kill("SIGINT");
		await gone;
		rmSync(folder, { recursive: true, force: true });
	};
	process.on("exit", () => server.kill("SIGQUIT"));
	const ready = () =>
		spawnSync(join(bin, "pg_isready"), ["-h", folder, "-U", "postgres"]).status === 0;
	for (let tries = 0; !ready(); tries++) {
		if (tries === 100) throw new Error("PostgreSQL does not start");
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
	const run = (statement) =>
		execFileSync("psql", ["-h", folder, "-U", "postgres", "-qc", statement], { stdio: "ignore" });
	return { folder, stop, run };
}

/** Makes the database of message-db. */
export function installMessageDb(packages, folder) {
	const scripts = join(packages, "node_modules/@eventide/message-db/database");
	const env = { ...process.env, PGHOST: folder, PGUSER: "postgres", CREATE_DATABASE: "on" };
	execFileSync("bash", ["install.sh"], { cwd: scripts, env, stdio: "ignore" });
}

/** The same orders in the same order, with the same ids. */
async function fill(packages, host, directory) {
	const { Client } = createRequire(join(packages, "package.json"))("pg");
	const client = new Client({ host, user: "postgres", database: "message_store" });
	await client.connect();
	const database = new Database(logFile(directory), { readonly: true });
	const rows = database.prepare(`
		SELECT s.name, e.version, e.type, CAST(e.data AS TEXT) AS data, lower(hex(e.id)) AS id
		FROM events e JOIN streams s ON s.id = e.stream ORDER BY e.position`);
	let batch = [];
	const insert = async () => {
		await client.query(
			`INSERT INTO message_store.messages (stream_name, position, type, data, id)
			SELECT * FROM json_to_recordset($1)
			AS o(name text, version bigint, type text, data jsonb, id uuid)`,
			[JSON.stringify(batch)],
		);
		batch = [];
	};
	for (const row of rows.iterate()) {
		batch.push({ ...row, data: JSON.parse(row.data) });
		if (batch.length === ROWS) await insert();
	}
	if (batch.length > 0) await insert();
	database.close();
	await client.query("VACUUM ANALYZE message_store.messages");
	await client.end();
}

/** The newest version that is installed. */
function binaries() {
	try {
		const newest = readdirSync(BINARIES).sort((one, other) => Number(other) - Number(one))[0];
		return newest && join(BINARIES, newest, "bin");
	} catch {
		return undefined;
	}
}

/** PostgreSQL refuses to run as root. */
function owner() {
	if (process.getuid?.() !== 0) return undefined;
	const [uid, gid] = ["-u", "-g"].map((flag) => spawnSync("id", [flag, "postgres"]).stdout);
	const ids = { uid: Number(uid), gid: Number(gid) };
	return ids.uid > 0 ? ids : undefined;
}
