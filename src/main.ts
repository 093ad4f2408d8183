/**
 * The composition root: the only file that knows every part.
 */
import { createDocuments } from "./cache/documents.ts";
import { openScavenger } from "./commands/scavenge/scavenger.ts";
import type { Settings } from "./config.ts";
import { createLasts } from "./following/last-versions.ts";
import { createLiveStreams } from "./following/live-readers.ts";
import { createLongPolls } from "./following/long-polls.ts";
import type { Context } from "./http/context.ts";
import { urlsAt } from "./http/handlers/page.ts";
import { createMeanings } from "./http/handlers/wanted.ts";
import { createHttpServer } from "./http/server.ts";
import type { Log } from "./log/log.ts";
import type { Upgrade } from "./log/sqlite/files/upgrade.ts";
import type { OnStop } from "./log/sqlite/log.ts";
import { openStore, type Store } from "./log/sqlite/store.ts";
import { parseCaches } from "./purging/addresses.ts";
import { type Purging, startPurging } from "./purging/purging.ts";

export type { Settings } from "./config.ts";

import { Refusal } from "./errors.ts";

export { isRefusal, Refusal } from "./errors.ts";

/** What an operator needs to hear; the reason stands before it. */
const STOPPED =
	"The server refuses appends, and reads go on, until you start it again on a sound disk and log. " +
	"See docs/operations.md, When the disk fails; varve verify names what is damaged.";

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
	const report = (error: unknown) => console.error("varve:", error);
	let unready: Refusal | undefined;
	let tellStopped: (refusal: Refusal) => void = () => {};
	const writerStopped = new Promise<Refusal>((resolve) => {
		tellStopped = resolve;
	});
	const onStop = (refusal: Refusal<"writer-stopped">) => {
		report(`the writer stopped: ${refusal.facts.reason}. ${STOPPED}`);
		unready ??= refusal;
		tellStopped(refusal);
	};
	const { log, tree } = await openWhole(settings, onStop);
	const longPolls = createLongPolls(log, settings.longPollsMax);
	const live = createLiveStreams(log, settings.liveStreamsMax);
	const lasts = createLasts(log);
	const documents = createDocuments({
		bytesMax: settings.cacheBytesMax,
		countMax: settings.cachePagesMax,
		sealedMaxAge: settings.sealedMaxAge,
	});
	let purging: Purging | undefined;
	const scavenger = await openScavenger(log, nodeOf(settings), report);
	const context: Context = {
		log,
		tree,
		documents,
		meanings: createMeanings(),
		longPolls,
		live,
		lasts,
		scavenger,
		settings,
		report,
		unready: () => unready,
		...(settings.purgeUrl === undefined ? {} : { purging: () => purging?.state() ?? [] }),
	};
	const http = createHttpServer(context);

	const close = async () => {
		unready = new Refusal("shutting-down", { retryAfterSeconds: 1 });
		longPolls.close();
		live.close();
		await scavenger.close();
		await http.close();
		await purging?.close();
		tree.close();
		await log.close();
	};
	try {
		purging = await startPurgingOf(log, settings);
		const port = await http.listen(settings.port, settings.host);
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
	const reason = `${store.stopped.facts.reason}; with --on-write-failure stay, the server serves what it can read`;
	throw new Refusal("data-directory-unusable", { path: data, reason });
}

/** Copy and migration can take minutes; the operator deletes the copy. */
function announceUpgrade({ found, known, copy }: Parameters<NonNullable<Upgrade["onUpgrade"]>>[0]) {
	const kept = copy === undefined ? "" : `; a copy of the log as it was stays in ${copy}`;
	console.error(`varve: upgrading the log from schema ${found} to ${known}${kept}`);
}

async function startPurgingOf(log: Log, settings: Settings): Promise<Purging | undefined> {
	const { purgeUrl, purgeMethod, purgeBy, publicUrl, data } = settings;
	if (purgeUrl === undefined) return undefined;
	const base = publicUrl === undefined ? undefined : new URL(publicUrl);
	return startPurging(log, {
		caches: parseCaches(purgeUrl) ?? [],
		method: purgeMethod,
		by: purgeBy === "urls" ? "urls" : "tags",
		paths: urlsAt(base?.pathname.replace(/\/$/, "") ?? "", log.incarnation),
		host: base?.host,
		directory: data,
		say: (text) => console.error(`varve: ${text}`),
	});
}

/** What a scavenge calls this server in its events. */
function nodeOf({ publicUrl, host, port }: Settings): string {
	return publicUrl ?? urlOf(host, port).replace("http://", "");
}

function urlOf(host: string, port: number): string {
	return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
