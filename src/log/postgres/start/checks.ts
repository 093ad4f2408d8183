/**
 * Whether a database keeps what it acknowledges. What is checked here can be changed at any moment,
 * by a reload of the server's settings, for a role or for a database: so each writer's connection
 * is checked when it is made, and each transaction looks again at what a reload can change.
 */
import type pg from "pg";
import { Refusal } from "../../../errors.ts";
import { GUARDS } from "../statements.ts";

/** The oldest release that the statements run on, and that still gets repairs. */
const VERSION_MIN = 130_000;

export type Guards = {
	readonly commits: string;
	readonly standbys: string;
	readonly fsync: string;
	readonly pages: string;
};

/** Why commits under these settings may be lost; undefined if they may not. */
export function weaknessOf({ commits, standbys, fsync, pages }: Guards): string | undefined {
	if (fsync !== "on") return "fsync is off: a crash of the machine may lose or destroy the log";
	if (pages !== "on") {
		return "full_page_writes is off: a crash of the machine may destroy pages of the log";
	}
	if (commits === "off") {
		return "synchronous_commit is off: a commit is answered before it is on disk";
	}
	if (standbys === "" || commits === "on" || commits === "remote_apply") return undefined;
	const what = commits === "local" ? "has it at all" : "has it on disk";
	return `synchronous_commit is ${commits}: with synchronous standbys, a commit is answered before any ${what}`;
}

const SELECT_SERVER = `
	SELECT ${GUARDS}, current_setting('server_version_num')::int AS version,
		current_setting('server_encoding') AS encoding, pg_is_in_recovery() AS "isStandby",
		current_setting('transaction_read_only') AS "readOnly",
		current_setting('data_checksums') AS checksums,
		(SELECT source FROM pg_settings WHERE name = 'synchronous_commit') AS source`;

type Server = Guards & {
	readonly version: number;
	readonly encoding: string;
	readonly isStandby: boolean;
	readonly readOnly: string;
	readonly checksums: string;
	readonly source: string;
};

/**
 * Refuses a server that no log may be written to. Unless unsafe ones are allowed, also one that may
 * lose what it has acknowledged.
 * @returns what the operator should know of it all the same
 * @throws Refusal `database-unusable`
 */
export async function checkServer(
	client: pg.ClientBase,
	shown: string,
	allowsUnsafe: boolean,
): Promise<readonly string[]> {
	const { rows } = await client.query(SELECT_SERVER);
	const server = rows[0] as Server;
	const refuse = (reason: string) => new Refusal("database-unusable", { store: shown, reason });
	if (server.version < VERSION_MIN) {
		throw refuse(`its version is ${server.version}; the oldest that will do is 13`);
	}
	if (server.encoding !== "UTF8") {
		throw refuse(`its encoding is ${server.encoding}; the names of streams need UTF8`);
	}
	if (server.isStandby) {
		throw refuse("it is a standby, which takes no writes; name the primary");
	}
	if (server.readOnly === "on") throw refuse("its transactions are read-only by default");
	const told: string[] = [];
	const weakness = weaknessOf(server);
	if (weakness !== undefined) {
		const from = SOURCES.get(server.source) ?? "";
		if (!allowsUnsafe) {
			throw refuse(`${weakness}${from}; --store-unsafe yes takes it all the same`);
		}
		told.push(`the database may lose acknowledged events: ${weakness}${from}`);
	}
	if (server.checksums === "off") {
		told.push("the database has no data checksums: it may read damaged pages as sound ones");
	}
	return told;
}

/** Where `synchronous_commit` was set, if not for the whole server. */
const SOURCES: ReadonlyMap<string, string> = new Map([
	["user", " (set for this role)"],
	["database", " (set for this database)"],
	["database user", " (set for this role in this database)"],
	["client", " (set by the connection)"],
]);
