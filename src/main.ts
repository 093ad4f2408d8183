/**
 * The composition root: the only file that knows every part.
 */
import { resolve } from "node:path";
import { type FirstStart, firstStart, forgetMadePassword } from "./accounts/users/first-start.ts";
import { openScavenger } from "./commands/scavenge/scavenger.ts";
import {
	differencesOf,
	OPTIONS,
	OptionsInForce,
	reloadedOf,
	type Settings,
	type Sources,
	settingsShown,
} from "./config.ts";
import { Refusal } from "./errors.ts";
import { Serving } from "./http/serving.ts";
import { VERSION } from "./http/version.ts";
import { type OnStop, type OpenedLog, openLog, type Upgrade } from "./log/open.ts";
import { ClockWatch } from "./log/reading/clock-watch.ts";
import { Room } from "./log/room/room.ts";
import type { LogLines } from "./observe/lines.ts";
import type { Level, OperatorLog } from "./observe/operator-log.ts";
import { openOperatorLog } from "./observe/stderr.ts";
import { installedScreens } from "./screens-on-demand.ts";
import { clockTold, roomTold, WriterStop } from "./told.ts";
import { openUpkeep } from "./upkeep/upkeep.ts";

export type { Settings } from "./config.ts";
export { isRefusal, Refusal } from "./errors.ts";

const INSECURE =
	"everyone who reaches this server is an admin: --insecure and --allow-anonymous are set";

/** A server that listens. */
export class RunningServer {
	/** Where it listens, e.g. `http://127.0.0.1:2113`. */
	readonly url: string;
	/**
	 * Resolves, if ever, with the reason why nothing is written any more. Reads go on after a fault
	 * of the disk, and end if a database holds another history.
	 */
	readonly writerStopped: Promise<Refusal>;
	/** The password that this start has made for `admin`, and the file that holds it, if it did. */
	readonly madePassword: FirstStart["made"];
	readonly #serving: Serving;
	readonly #clockWatch: ClockWatch;
	readonly #operatorLog: LogLines;
	#settings: Settings;
	#closing: Promise<void> | undefined;

	/** As `startServer` makes it. */
	constructor(
		url: string,
		writerStopped: Promise<Refusal>,
		serving: Serving,
		clockWatch: ClockWatch,
		operatorLog: LogLines,
		madePassword: FirstStart["made"],
	) {
		this.madePassword = madePassword;
		this.url = url;
		this.writerStopped = writerStopped;
		this.#serving = serving;
		this.#clockWatch = clockWatch;
		this.#operatorLog = operatorLog;
		this.#settings = serving.context.settings;
	}

	/**
	 * Takes new settings, as far as a running server can, and cuts no request: the others count from
	 * the next start on. The operator log says which are which.
	 */
	reload(settings: Settings, sources?: Sources): void {
		const { room, requests, options } = this.#serving.context;
		const { taken, waiting } = differencesOf(OPTIONS, this.#settings, settings);
		this.#operatorLog.setLevel(settings.logLevel as Level);
		requests.isOn = settings.logRequests;
		room.setFreeMin(freeMinOf(settings));
		options.reload(settings, sources);
		this.#serving.renewCertificate();
		this.#settings = { ...this.#settings, ...reloadedOf(OPTIONS, settings) };
		this.#operatorLog.info("settings reloaded", { changed: taken });
		if (waiting.length > 0) {
			this.#operatorLog.warn("some new settings count from the next start on", { waiting });
		}
	}

	/**
	 * Drains: running requests end, long polls are answered, the log lets go of its files.
	 * @param reason for the operator log
	 */
	close(reason = "the program asked for it"): Promise<void> {
		this.#closing ??= this.#close(reason);
		return this.#closing;
	}

	async #close(reason: string): Promise<void> {
		this.#operatorLog.info("stopping", { reason });
		this.#clockWatch.close();
		await closeServing(this.#serving);
		await closeStored(this.#serving.context);
		this.#operatorLog.info("stopped", { reason });
	}
}

/**
 * Opens the log and listens.
 * @param operatorLog by default, the settings' on standard error
 * @param sources where the settings came from, by name; those it lacks came from the caller
 * @throws Refusal `data-directory-in-use`, `data-directory-unusable`, `newer-schema`,
 *   `history-rewound`; the system's error if the address cannot be had
 */
export async function startServer(
	settings: Settings,
	operatorLog = openOperatorLog(settings.logFormat, settings.logLevel),
	sources?: Sources,
): Promise<RunningServer> {
	operatorLog.info("starting", {
		version: VERSION,
		node: process.version,
		pid: process.pid,
		data: resolve(settings.data),
		settings: settingsShown(OPTIONS, settings),
	});
	const stop = new WriterStop(operatorLog);
	const { log, hidden, tree, measured, moves, leadership, questions } = await openWhole(
		settings,
		operatorLog,
		(refusal) => stop.note(refusal),
	);
	const room = new Room(settings.data, freeMinOf(settings), roomTold(operatorLog));
	const clockWatch = new ClockWatch(log, clockTold(operatorLog));
	try {
		await clockWatch.start();
		const scavenger = await openScavenger(log, nodeOf(settings), operatorLog, leadership);
		const screens = settings.noAdminUi ? undefined : installedScreens();
		const upkeep = await openUpkeep(log, settings.data, operatorLog);
		const { users: initialUsers, made } = await firstUsers(log, settings, operatorLog);
		const parts = { room, scavenger, upkeep, screens };
		const held = { log, hidden, tree, moves, measured, leadership, questions };
		const stored = { ...held, ...parts };
		const options = new OptionsInForce(OPTIONS, settings, sources);
		const told = { lines: operatorLog.recent, options };
		const onPassword = (login: string) => {
			if (login === "admin") forgetMadePassword(settings.data);
		};
		const serving = new Serving(
			{ ...stored, ...told, initialUsers, onPassword },
			settings,
			operatorLog,
		);
		const url = await listen(serving, settings, stop.noted);
		operatorLog.info("listening", { url });
		if (settings.insecure && settings.allowAnonymous) operatorLog.warn(INSECURE);
		return new RunningServer(url, stop.noted, serving, clockWatch, operatorLog, made);
	} catch (error) {
		clockWatch.close();
		await closeStored({ log, tree, moves, room });
		throw error;
	}
}

/** Users of a store that has none, and what the operator should know of them. */
async function firstUsers(
	log: OpenedLog["log"],
	settings: Settings,
	operatorLog: OperatorLog,
): Promise<FirstStart> {
	const first = await firstStart(log, settings.data, settings);
	const { users, made, fault } = first;
	if (made) operatorLog.info("made a password for the user admin", { file: made.file });
	if (fault !== undefined) {
		operatorLog.warn("nobody can log in: the store has no users yet, and no password for admin", {
			reason: fault,
		});
	}
	if (settings.insecureDefaults && users.length > 0) {
		operatorLog.warn("everybody knows the passwords of admin and ops: --insecure-defaults is set");
	}
	return first;
}

/**
 * Listens; if the address cannot be had, only the log is left open.
 * @returns where
 */
async function listen(
	serving: Serving,
	settings: Settings,
	writerStopped: Promise<Refusal>,
): Promise<string> {
	writerStopped.then((refusal) => serving.refuseWith(refusal));
	try {
		const { audit, report } = serving.context;
		// Before anybody else can write.
		await audit.load().catch(report);
		return urlOf(settings, await serving.listen());
	} catch (error) {
		await closeServing(serving);
		throw error;
	}
}

/** A scavenge erases until it is closed, and the server tells caches of that. */
function closeServing(serving: Serving): Promise<void> {
	const { scavenger, upkeep } = serving.context;
	return serving.close(Promise.all([scavenger.close(), upkeep.verifications.close()]));
}

type Stored = Pick<OpenedLog, "log" | "tree" | "moves"> & { readonly room?: Room };

async function closeStored({ log, tree, moves, room }: Stored): Promise<void> {
	room?.close();
	tree.close();
	moves.close();
	await log.close();
}

/**
 * Opens the log. If the operator wants no server that cannot write (`--on-write-failure exit`), it
 * refuses a log whose writer has stopped already: a restart mends a failed sync, but no damage.
 * @throws Refusal as `startServer`
 */
async function openWhole(
	settings: Settings,
	operatorLog: OperatorLog,
	onStop: OnStop,
): Promise<OpenedLog> {
	const { data, checkpoints, checkReads, upgradeCopy, onWriteFailure } = settings;
	let isOpen = onWriteFailure === "stay";
	const onUpgrade: Announce = (upgrade) => operatorLog.info(announcement(upgrade));
	const { store: address, storeSession, storeConnections, storeUnsafe } = settings;
	const { readStore, standby } = settings;
	const store = await openLog(data, settings, {
		...{ store: address, storeSession, storeConnections, storeUnsafe, node: nodeUrlOf(settings) },
		...{ readStore, standby },
		tell: (level, text) => operatorLog[level](text),
		checkpoints,
		checksReads: checkReads,
		upgrade: { keepsCopy: upgradeCopy, onUpgrade },
		onStop: (refusal) => isOpen && onStop(refusal),
	});
	if (!store.stopped || isOpen) {
		isOpen = true;
		return store;
	}
	await closeStored(store);
	const reason = `${store.stopped.facts.reason}; with --on-write-failure stay, the server serves what it can read`;
	throw new Refusal("data-directory-unusable", { path: data, reason });
}

/** The disk of a database is its own server's to watch. */
function freeMinOf({ store, diskFreeMin }: Settings): number | undefined {
	return store === undefined ? diskFreeMin : 0;
}

type Announce = NonNullable<Upgrade["onUpgrade"]>;

/** Copy and migration can take minutes; the operator deletes the copy. */
function announcement({ found, known, copy }: Parameters<Announce>[0]): string {
	const kept = copy === undefined ? "" : `; a copy of the log as it was stays in ${copy}`;
	return `upgrading the log from schema ${found} to ${known}${kept}`;
}

/** Where this very server is reached, whatever URL it shares with others. */
function nodeUrlOf(settings: Settings): string {
	return settings.nodeUrl ?? urlOf(settings, settings.port);
}

/** The name of this server in the events of a scavenge. */
function nodeOf(settings: Settings): string {
	return settings.publicUrl ?? urlOf(settings, settings.port).replace(/^https?:\/\//, "");
}

function urlOf({ host, tlsCert }: Settings, port: number): string {
	const scheme = tlsCert === undefined ? "http" : "https";
	return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
