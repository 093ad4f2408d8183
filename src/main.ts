/**
 * The composition root: the only file that knows every part.
 */
import { createDocuments } from "./cache/documents.ts";
import { openScavenger } from "./commands/scavenge/scavenger.ts";
import type { Settings } from "./config.ts";
import type { Context } from "./http/context.ts";
import { createLasts } from "./http/lasts.ts";
import { createLongPolls } from "./http/long-polls.ts";
import { createHttpServer } from "./http/server.ts";
import { createLiveStreams } from "./http/streaming/live-streams.ts";
import type { Log } from "./log/log.ts";
import { openSqliteLog } from "./log/sqlite/log.ts";
import { openLogTree } from "./log/sqlite/tree/log-tree.ts";
import type { LogTree } from "./log/tree.ts";

export type { Settings } from "./config.ts";
export { isRefusal, Refusal } from "./errors.ts";

export type RunningServer = {
	/** Where it listens, e.g. `http://127.0.0.1:2113`. */
	readonly url: string;
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
	const log = await openSqliteLog(settings.data, settings);
	const tree = await openTree(settings.data, log);
	let ready = true;
	const longPolls = createLongPolls(log, settings.longPollsMax);
	const live = createLiveStreams(log, settings.liveStreamsMax);
	const lasts = createLasts(log);
	const documents = createDocuments({
		bytesMax: settings.cacheBytesMax,
		countMax: settings.cachePagesMax,
	});
	const report = (error: unknown) => console.error("varve:", error);
	const scavenger = await openScavenger(log, nodeOf(settings), report);
	const context: Context = {
		log,
		tree,
		documents,
		longPolls,
		live,
		lasts,
		scavenger,
		settings,
		report,
		isReady: () => ready,
	};
	const http = createHttpServer(context);

	const close = async () => {
		ready = false;
		longPolls.close();
		live.close();
		await scavenger.close();
		await http.close();
		tree.close();
		await log.close();
	};
	try {
		const port = await http.listen(settings.port, settings.host);
		return { url: urlOf(settings.host, port), close };
	} catch (error) {
		await close();
		throw error;
	}
}

/** A log whose tree cannot be signed for is let go of. */
async function openTree(directory: string, log: Log): Promise<LogTree> {
	try {
		return openLogTree(directory);
	} catch (error) {
		await log.close();
		throw error;
	}
}

/** What a scavenge calls this server in its events. */
function nodeOf({ publicUrl, host, port }: Settings): string {
	return publicUrl ?? urlOf(host, port).replace("http://", "");
}

function urlOf(host: string, port: number): string {
	return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
