/**
 * The composition root: the only file that knows every part.
 */
import { openScavenger } from "./commands/scavenge/scavenger.ts";
import type { Settings } from "./config.ts";
import { Serving } from "./http/serving.ts";
import type { Upgrade } from "./log/sqlite/files/upgrade.ts";
import type { OnStop } from "./log/sqlite/log.ts";
import { openStore, type Store } from "./log/sqlite/store.ts";

export type { Settings } from "./config.ts";

import { Refusal } from "./errors.ts";

export { isRefusal, Refusal } from "./errors.ts";

/** What an operator needs to hear; the reason stands before it. */
const STOPPED =
	"Appends are refused, and reads go on, until the server is started again on a sound disk and log. " +
	"See docs/operations.md, When the disk fails; varve verify tells what is damaged.";

export type RunningServer = {
	/** Where it listens, e.g. `http://127.0.0.1:2113`. */
	readonly url: string;
	/** Resolves, if ever, with what stopped the writer: reads go on, and appends are refused. */
	readonly writerStopped: Promise<Refusal>;
	/** Drains: running requests end, long polls are answered, the log lets go of its files. */
	close(): Promise<void>;
};

/**
 * Opens the log and listens.
 * @throws Refusal `data-directory-in-use`, `data-directory-unusable`, `newer-schema`,
 *   `history-rewound`; the system's
 *   error where the address cannot be had
 */
export async function startServer(settings: Settings): Promise<RunningServer> {
	const tell = (what: unknown) => console.error("varve:", what);
	let serving: Serving | undefined;
	let stopped: Refusal | undefined;
	let tellStopped: (refusal: Refusal) => void = () => {};
	const writerStopped = new Promise<Refusal>((resolve) => {
		tellStopped = resolve;
	});
	const onStop = (refusal: Refusal<"writer-stopped">) => {
		tell(`the writer stopped: ${refusal.facts.reason}. ${STOPPED}`);
		stopped ??= refusal;
		serving?.refuseWith(refusal);
		tellStopped(refusal);
	};
	const { log, tree } = await openWhole(settings, onStop);
	const scavenger = await openScavenger(log, nodeOf(settings), tell);
	serving = new Serving({ log, tree, scavenger }, settings, tell);
	if (stopped) serving.refuseWith(stopped);

	const close = async () => {
		await Promise.all([serving.close(), scavenger.close()]);
		tree.close();
		await log.close();
	};
	try {
		const port = await serving.listen();
		return { url: urlOf(settings.host, port), writerStopped, close };
	} catch (error) {
		await close();
		throw error;
	}
}

/**
 * Opens the store. Who wants no server that cannot write gets none: a restart mends a failed sync,
 * but no damage, so it is said at the start, and not after it.
 * @throws Refusal as `startServer`
 */
async function openWhole(settings: Settings, onStop: OnStop): Promise<Store> {
	const { data, checkpoints, checkReads, upgradeCopy, onWriteFailure } = settings;
	let isOpen = onWriteFailure === "stay";
	const store = await openStore(data, settings, {
		checkpoints,
		checksReads: checkReads,
		upgrade: { keepsCopy: upgradeCopy, onUpgrade: announceUpgrade },
		onStop: (refusal) => isOpen && onStop(refusal),
	});
	if (!store.stopped || isOpen) {
		isOpen = true;
		return store;
	}
	store.tree.close();
	await store.log.close();
	const reason = `${store.stopped.facts.reason}; --on-write-failure stay serves what can be read`;
	throw new Refusal("data-directory-unusable", { path: data, reason });
}

/** Both may take minutes, and the copy is somebody's to remove. */
function announceUpgrade({ found, known, copy }: Parameters<NonNullable<Upgrade["onUpgrade"]>>[0]) {
	const kept = copy === undefined ? "" : `; the log as it was stays in ${copy}`;
	console.error(`varve: bringing the log from schema ${found} to ${known}${kept}`);
}

/** What a scavenge calls this server in its events. */
function nodeOf({ publicUrl, host, port }: Settings): string {
	return publicUrl ?? urlOf(host, port).replace("http://", "");
}

function urlOf(host: string, port: number): string {
	return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
