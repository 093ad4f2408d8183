/**
 * A thread that ends its process if that takes too much memory, or if whoever asks is gone and
 * ends it no more. SQLite could bound its own heap, but the build of better-sqlite3 counts no
 * memory; and the statement holds up the main thread, so that cannot look for itself.
 */
import { parentPort, workerData } from "node:worker_threads";

/** In this time a statement can fill some 100 MiB. */
const EVERY_MS = 25;

const { residentBytesMax } = workerData as { readonly residentBytesMax: number };
const asker = process.ppid;
setInterval(() => {
	const isTooLarge = process.memoryUsage.rss() > residentBytesMax;
	if (isTooLarge || process.ppid !== asker) process.kill(process.pid, "SIGKILL");
}, EVERY_MS);
parentPort?.postMessage("it looks");
