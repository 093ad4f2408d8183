/**
 * The writer's thread: takes batches, answers them, one after another; and between two of them, one
 * step of erasurePort where that is asked for.
 *
 *     batch ─▶ commit ─▶ answers ─▶ checkpoint, where one is due
 *                 └── failed ──────────┴─▶ stopped: says why, and takes no more
 *
 * What fails here, and is not answered as an append's own failure, leaves doubt about what the disk
 * holds. So the thread ends, and nothing is written until the directory is opened anew. The same
 * where it cannot even begin, because what an append builds upon cannot be read (decision 44).
 */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { Appender } from "./appender.ts";
import { Eraser, type ErasureRequest } from "./erasure/eraser.ts";
import { CLEANED, PING } from "./erasure/queue.ts";
import { causeOf, isUnreadable } from "./failures.ts";
import { takeCheckpoints } from "./files/checkpoint.ts";
import { openForWriting } from "./files/directory.ts";
import { type Batch, READY, type Stopped } from "./protocol.ts";
import type { WriterData } from "./start.ts";

const port = parentPort;
if (!port) throw new Error("writer.ts runs in a worker thread");

const { file, checkpoints, erasurePort } = workerData as WriterData;
const database = openForWriting(file);
const checkpointWhenDue = takeCheckpoints(database, checkpoints);
const eraser = new Eraser(database);
const appender = openAppender();
if (appender) serve(port, appender);

/** Undefined where what it has to know of the log cannot be read; that is told. */
function openAppender(): Appender | undefined {
	try {
		return new Appender(database);
	} catch (error) {
		if (!isUnreadable(error)) throw error;
		stop(`the log is damaged: ${causeOf(error)}`);
		return undefined;
	}
}

function serve(port: MessagePort, appender: Appender): void {
	port.postMessage(READY);
	port.on("message", (message: Batch | "close") => {
		if (message === "close") {
			end();
			return;
		}
		orStop(() => {
			const answers = appender.commit(message);
			port.postMessage(answers);
			if (answers.grown.length > 0) checkpointWhenDue();
		});
	});
	erasurePort.on("message", (erasure: ErasureRequest | typeof PING) => {
		if (erasure === PING) {
			erasurePort.postMessage(PING);
			return;
		}
		orStop(() => {
			const erased = eraser.erase(erasure);
			// Reads show it already: whatever becomes of the WAL, no document of before may be kept.
			erasurePort.postMessage(erased);
			try {
				// If another process moves the WAL, cutting it would tear what that process follows.
				if (checkpoints) eraser.clean(erased);
			} finally {
				erasurePort.postMessage(CLEANED);
			}
			checkpointWhenDue();
		});
	});
}

function orStop(work: () => void): void {
	try {
		work();
	} catch (error) {
		stop(causeOf(error));
	}
}

function stop(reason: string): void {
	const stopped: Stopped = { stopped: reason };
	port?.postMessage(stopped);
	end();
}

function end(): void {
	eraser.close();
	database.close();
	erasurePort.close();
	port?.close();
}
