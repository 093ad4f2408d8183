/**
 * The composition root: the only file that knows every part.
 */
import { openScavenger } from "./commands/scavenge/scavenger.ts";
import type { Settings } from "./config.ts";
import { type ServedLog, Serving } from "./http/serving.ts";
import type { Log } from "./log/log.ts";
import { type OnStop, type OpenedLog, openLog, type Upgrade } from "./log/open.ts";
import { clockWarning, readClock } from "./log/reading/clock.ts";

export type { Settings } from "./config.ts";

import { isRefusal, Refusal } from "./errors.ts";

export { isRefusal, Refusal } from "./errors.ts";

/** Advice to the operator, printed after the reason. */
const STOPPED =
	"The server refuses appends, and reads go on, until you start it again on a sound disk and log. " +
	"See docs/operations.md, When the disk fails; varve verify names what is damaged.";

/** A server that listens. */
export class RunningServer {
	/** Where it listens, e.g. `http://127.0.0.1:2113`. */
	readonly url: string;
	/**
	 * Resolves, if ever, with the reason why the writer stopped: reads go on, appends are refused.
	 */
	readonly writerStopped: Promise<Refusal>;
	readonly #serving: Serving;

	/** As `startServer` makes it. */
	constructor(url: string, writerStopped: Promise<Refusal>, serving: Serving) {
		this.url = url;
		this.writerStopped = writerStopped;
		this.#serving = serving;
	}

	/** Drains: running requests end, long polls are answered, the log lets go of its files. */
	async close(): Promise<void> {
		await closeServing(this.#serving);
		await closeLog(this.#serving.context);
	}
}

/**
 * Opens the log and listens.
 * @throws Refusal `data-directory-in-use`, `data-directory-unusable`, `newer-schema`,
 *   `history-rewound`; the system's error if the address cannot be had
 */
export async function startServer(settings: Settings): Promise<RunningServer> {
	const stop = new WriterStop();
	const { log, hidden, tree, moves } = await openWhole(settings, (refusal) => stop.note(refusal));
	try {
		await tellOfClock(log);
		const scavenger = await openScavenger(log, nodeOf(settings), tell);
		return await serve({ log, hidden, tree, moves, scavenger }, settings, stop.noted);
	} catch (error) {
		await closeLog({ log, tree, moves });
		throw error;
	}
}

/** Listens; if the address cannot be had, only the log is left open. */
async function serve(
	stored: ServedLog,
	settings: Settings,
	writerStopped: Promise<Refusal>,
): Promise<RunningServer> {
	const serving = new Serving(stored, settings, tell);
	writerStopped.then((refusal) => serving.refuseWith(refusal));
	try {
		const port = await serving.listen();
		return new RunningServer(urlOf(settings.host, port), writerStopped, serving);
	} catch (error) {
		await closeServing(serving);
		throw error;
	}
}

/** The first reason for which the writer stopped, which may be there before the server is. */
class WriterStop {
	/** Resolves with the reason; never, if the writer does not stop. */
	readonly noted: Promise<Refusal>;
	#resolve: (refusal: Refusal) => void = () => undefined;

	constructor() {
		this.noted = new Promise((resolve) => {
			this.#resolve = resolve;
		});
	}

	note(refusal: Refusal<"writer-stopped">): void {
		tell(`the writer stopped: ${refusal.facts.reason}. ${STOPPED}`);
		this.#resolve(refusal);
	}
}

/** A damaged end of the log has been told of already, and keeps no server from its reads. */
async function tellOfClock(log: Log): Promise<void> {
	try {
		const warning = clockWarning(await readClock(log));
		if (warning !== undefined) tell(warning);
	} catch (error) {
		if (!isRefusal(error, "log-damaged")) throw error;
	}
}

function tell(what: unknown): void {
	console.error("varve:", what);
}

/** A scavenge erases until it is closed, and the server tells caches of that. */
function closeServing(serving: Serving): Promise<void> {
	return serving.close(serving.context.scavenger.close());
}

async function closeLog({
	log,
	tree,
	moves,
}: Pick<OpenedLog, "log" | "tree" | "moves">): Promise<void> {
	tree.close();
	moves.close();
	await log.close();
}

/**
 * Opens the log. If the operator wants no server that cannot write (`--on-write-failure exit`), it
 * refuses a log whose writer has stopped already: a restart mends a failed sync, but no damage.
 * @throws Refusal as `startServer`
 */
async function openWhole(settings: Settings, onStop: OnStop): Promise<OpenedLog> {
	const { data, checkpoints, checkReads, upgradeCopy, onWriteFailure } = settings;
	let isOpen = onWriteFailure === "stay";
	const store = await openLog(data, settings, {
		checkpoints,
		checksReads: checkReads,
		upgrade: { keepsCopy: upgradeCopy, onUpgrade: announceUpgrade },
		onStop: (refusal) => isOpen && onStop(refusal),
	});
	if (!store.stopped || isOpen) {
		isOpen = true;
		return store;
	}
	await closeLog(store);
	const reason = `${store.stopped.facts.reason}; with --on-write-failure stay, the server serves what it can read`;
	throw new Refusal("data-directory-unusable", { path: data, reason });
}

/** Copy and migration can take minutes; the operator deletes the copy. */
function announceUpgrade({ found, known, copy }: Parameters<NonNullable<Upgrade["onUpgrade"]>>[0]) {
	const kept = copy === undefined ? "" : `; a copy of the log as it was stays in ${copy}`;
	console.error(`varve: upgrading the log from schema ${found} to ${known}${kept}`);
}

/** The name of this server in the events of a scavenge. */
function nodeOf({ publicUrl, host, port }: Settings): string {
	return publicUrl ?? urlOf(host, port).replace("http://", "");
}

function urlOf(host: string, port: number): string {
	return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
