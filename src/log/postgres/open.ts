/** Opens the log of a database for one node: checks the server, its schema, and its history. */
import { mkdirSync } from "node:fs";
import type pg from "pg";
import { isRefusal, Refusal } from "../../errors.ts";
import type { Commit } from "../commit.ts";
import { Listeners } from "../listening/listeners.ts";
import type { Leadership, LogLimits } from "../log.ts";
import { type Migration, migrationsFor } from "../migrate.ts";
import { parseStoreAddress } from "./address.ts";
import { commitBehind } from "./appending/behind.ts";
import { AppendQueue } from "./appending/queue.ts";
import { WriterConnection } from "./appending/writer.ts";
import { Database, type Row } from "./connection/database.ts";
import { hangUp } from "./connection/ending.ts";
import { causeOf, isUnreachable, present } from "./connection/failures.ts";
import { Eraser } from "./erasure/eraser.ts";
import { beginAt, START_PROOF_MS } from "./following/beginning.ts";
import { Follower } from "./following/follower.ts";
import { heardOf } from "./following/heard.ts";
import { Seat } from "./following/seat.ts";
import { Session } from "./following/session.ts";
import { beginsWith, headAt } from "./hashes/hashes.ts";
import { SharedLeadership } from "./leading.ts";
import { PostgresLog } from "./log.ts";
import { PostgresMoves } from "./moving/moves.ts";
import { Reader, type ReaderOptions } from "./reading/reader.ts";
import { Reads } from "./replica/reads.ts";
import { Replica } from "./replica/replica.ts";
import { checkServer } from "./start/checks.ts";
import { HistoryGuard } from "./start/guard.ts";
import { SeenHistory } from "./start/history.ts";
import { prepareSchema } from "./start/schema.ts";
import { type StandbyMode, StandbyWatch } from "./start/standby.ts";
import * as sql from "./statements.ts";
import { readKey, Signer } from "./tree/signer.ts";
import { StoredTree } from "./tree/tree.ts";

export type PostgresOptions = NodeOptions & ConnectionOptions;

/** What a node is told, and whom it tells. */
type NodeOptions = {
	/** Milliseconds since 1970; may jump, `created` will not. */
	readonly clock?: () => number;
	readonly migrations?: readonly Migration[];
	/** The address of this node, for those that are told who leads. */
	readonly node?: string;
	/** Whether to take a server that may lose what it has acknowledged. */
	readonly allowsUnsafe?: boolean;
	/** What to do while commits wait for no standby. */
	readonly standby?: StandbyMode;
	/** Told of what the operator should know; `level` as of the operator log. */
	readonly tell?: (level: "info" | "warn" | "error", text: string) => void;
	/** Called once, if another history has taken the place of this one: nothing is served then. */
	readonly onStop?: (refusal: Refusal<"database-unreachable">) => void;
};

/** How the database is reached. */
type ConnectionOptions = {
	/** The same database, but round a pooler, for the connection that listens and leads. */
	readonly session?: string;
	/** A streaming replica of the database, which reads are answered from as far as it has come. */
	readonly replica?: string;
	/** Connections for reads; a node has two more. */
	readonly connectionsMax?: number;
	/** A statement that is not answered by then ends its connection. */
	readonly answerMs?: number;
};

const CONNECTIONS = 8;
const RESTART_SECONDS = 30;

/** What a node has of a log in a database. */
export type OpenedStore = {
	readonly log: PostgresLog;
	readonly tree: StoredTree;
	readonly moves: PostgresMoves;
	readonly leadership: Leadership;
};

/**
 * @param store the address of the database
 * @param directory of this node; what it has seen of the log is kept there
 * @throws Refusal `invalid-option`, `database-unusable`, `newer-schema`, `history-rewound`
 */
export async function openPostgres(
	store: string,
	directory: string,
	limits: LogLimits,
	options: PostgresOptions = {},
): Promise<OpenedStore> {
	const address = parseStoreAddress(store);
	makeDirectory(directory);
	const { tell = () => undefined, connectionsMax = CONNECTIONS } = options;
	const { migrations = migrationsFor("postgres"), allowsUnsafe = false } = options;
	const session = options.session === undefined ? address : parseStoreAddress(options.session);
	const { answerMs } = options;
	const database = new Database(address, {
		...{ connectionsMax, session: session.connection },
		...(answerMs !== undefined && { answerMs }),
	});
	try {
		const client = await database.connect("start");
		try {
			const told = await checkServer(client, address.shown, allowsUnsafe);
			for (const text of told) tell("warn", text);
			const { found, known } = await prepareSchema(database, client, migrations);
			if (found < known) tell("info", `the schema of the log was ${found}, and is ${known} now`);
		} finally {
			await hangUp(client);
		}
		return await openPrepared(database, directory, limits, { ...options, tell, allowsUnsafe });
	} catch (error) {
		await database.close().catch(() => undefined);
		if (isRefusal(error)) throw error;
		const reason = causeOf(error);
		throw new Refusal("database-unusable", { store: address.shown, reason });
	}
}

type ReplicaOptions = Chosen & { readonly incarnation: number };
type Chosen = PostgresOptions & Required<Pick<PostgresOptions, "tell" | "allowsUnsafe">>;

async function openPrepared(
	database: Database,
	directory: string,
	limits: LogLimits,
	options: Chosen,
): Promise<OpenedStore> {
	const { clock = Date.now, tell, allowsUnsafe, onStop = () => undefined } = options;
	const { end, incarnation, seen, signer } = await openHistory(database, directory);
	const listeners = new Listeners();
	const follower = new Follower(database, end, (commit: Commit) => listeners.tell(commit));
	const head = () => follower.head();
	const guard = new HistoryGuard(database, { incarnation, head, seen }, (reason) => {
		onStop(new Refusal("database-unreachable", { reason, retryAfterSeconds: RESTART_SECONDS }));
	});
	database.admit = (client: pg.ClientBase) => guard.admit(client);
	const seat = new Seat(database, options.node ?? "");
	const standby = new StandbyWatch(options.standby ?? "warn", seen, tell);
	const demands = { allowsUnsafe, requiresStandby: options.standby === "require" };
	const connection = new WriterConnection(database, demands);
	const session = new Session(database, seat, {
		onTold: (to) => void follower.told(to).catch(() => undefined),
		onLook: (now, hasStandby) => {
			follower.replication.isAwaited = now.standbys !== "";
			standby.saw(String(now.standbys), hasStandby);
			void follower.reached(heardOf(now))?.catch(() => undefined);
			void guard.look(now).catch((error: unknown) => {
				tell("warn", `what this node has seen was not noted: ${causeOf(error)}`);
			});
			replica?.state.look();
		},
		onState: (error) => tellState(error, tell, [connection, database]),
	});
	const onCommit = () => session.tell(follower.heard);
	const parts = { database, connection, follower, limits, clock, onCommit };
	const queue = new AppendQueue(parts);
	follower.replication.prove = () =>
		queue.alone((client, watch) => commitBehind(database, client, watch));
	const reading = { pageBytesMax: limits.pageBytesMax, clock };
	const reader = new Reader(database, reading);
	const eraser = new Eraser(database);
	const replica = await openReplica(database, reading, { ...options, incarnation });
	const reads = new Reads({ database, reader, follower, ...(replica && { replica }) });
	const beginning = { session, follower, end, seen, proofMs: options.answerMs ?? START_PROOF_MS };
	const histories = await beginAt(database, beginning).catch(async (error: unknown) => {
		await Promise.all([session.close(), reads.close(), connection.close()]);
		throw error;
	});
	const log = new PostgresLog({
		...parts,
		...{ incarnation, histories, queue, listeners, session, reads, eraser, guard, standby },
	});
	return {
		log,
		leadership: new SharedLeadership(log, seat),
		tree: new StoredTree({ database, signer, seen, follower }),
		moves: new PostgresMoves({ ...parts, queue, guard }),
	};
}

/**
 * The log that is there must be the one that this node has seen, and that has signed itself.
 * @throws Refusal `history-rewound`
 */
async function openHistory(database: Database, directory: string) {
	const { shown, schema } = database.address;
	const [row] = await database.rows(sql.SELECT_END);
	const end: Row = present(row, "the end of the log");
	const incarnation = Number(end.incarnation);
	const seen = new SeenHistory(directory, schema, shown, incarnation);
	await seen.refuseOther(database, Number(end.next));
	const signer = new Signer(await readKey(database, shown), incarnation);
	await refuseRewound(database, signer, Number(end.next), shown);
	return { end, incarnation, seen, signer };
}

/** What one connection cannot reach, the others may wait for as long as they live: they are cut. */
function tellState(error: unknown, tell: Chosen["tell"], held: readonly { cut(): void }[]): void {
	if (error === undefined) {
		tell("info", "the database can be reached again");
		return;
	}
	tell("error", `the database cannot be reached: ${causeOf(error)}`);
	if (isUnreachable(error)) for (const one of held) one.cut();
}

/** @throws Refusal `invalid-option`, `database-unusable` */
async function openReplica(
	primary: Database,
	reading: ReaderOptions,
	{ replica, connectionsMax = CONNECTIONS, answerMs, incarnation, tell }: ReplicaOptions,
) {
	if (replica === undefined) return undefined;
	const address = parseStoreAddress(replica);
	if (address.schema !== primary.address.schema) {
		const reason = "it must name the same schema as --store";
		throw new Refusal("invalid-option", { option: "read-store", value: address.shown, reason });
	}
	const limit = answerMs === undefined ? {} : { answerMs };
	const database = new Database(address, { connectionsMax, ...limit });
	const state = new Replica({ primary, database, incarnation, tell });
	try {
		await state.start();
	} catch (error) {
		await state.close();
		throw error;
	}
	return { state, reader: new Reader(database, { ...reading, mayBeBehind: true }) };
}

/**
 * What the log itself has signed last must be its beginning.
 * @throws Refusal `history-rewound`
 */
async function refuseRewound(
	database: Database,
	signer: Signer,
	size: number,
	shown: string,
): Promise<void> {
	const [row] = await database.rows(sql.SELECT_SIGNING);
	const signed = row?.checkpoint ? signer.open(String(row.checkpoint)) : undefined;
	if (!signed) return;
	const isContinued =
		signed.size <= size && (await beginsWith(signed, size, (of) => headAt(database, of)));
	if (!isContinued) {
		throw new Refusal("history-rewound", { path: shown, signed: signed.size, size });
	}
	signer.continues(signed);
}

/** @throws Refusal `data-directory-unusable` */
function makeDirectory(directory: string): void {
	try {
		mkdirSync(directory, { recursive: true });
	} catch (error) {
		throw new Refusal("data-directory-unusable", { path: directory, reason: causeOf(error) });
	}
}
