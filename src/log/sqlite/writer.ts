/**
 * The writer's thread: takes batches, answers them, one after another.
 *
 *     batch ─▶ commit ─▶ answers ─▶ checkpoint, where one is due
 *                 └── failed ──────────┴─▶ stopped: says why, and takes no more
 *
 * What fails here, and is not answered as an append's own failure, leaves doubt about what the disk
 * holds. So the thread ends, and nothing is written until the directory is opened anew.
 */
import { parentPort, workerData } from "node:worker_threads";
import { Appender } from "./appender.ts";
import { causeOf } from "./failures.ts";
import { takeCheckpoints } from "./files/checkpoint.ts";
import { openForWriting } from "./files/directory.ts";
import type { Batch, Stopped } from "./protocol.ts";

const port = parentPort;
if (!port) throw new Error("writer.ts runs in a worker thread");

const database = openForWriting(workerData as string);
const checkpointWhenDue = takeCheckpoints(database);
const appender = new Appender(database);
port.postMessage("ready");

port.on("message", (message: Batch | "close") => {
	if (message === "close") {
		end();
		return;
	}
	try {
		const answers = appender.commit(message);
		port.postMessage(answers);
		if (answers.grown.length > 0) checkpointWhenDue();
	} catch (error) {
		const stopped: Stopped = { stopped: causeOf(error) };
		port.postMessage(stopped);
		end();
	}
});

function end(): void {
	appender.close();
	port?.close();
}
