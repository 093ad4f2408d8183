/**
 * The writer's thread. It takes batches and answers them, one after another. Between two batches it
 * takes one step of an erasure, if the log has asked for one. Batches and erasures come on two
 * ports; all answers leave on one.
 *
 *     batch ─▶ commit ─▶ answers ─▶ checkpoint of the WAL, if one is due
 *                 └── failed ──────────┴─▶ stopped: says why, and takes no more
 *
 * After any failure that is not the append's own, nobody knows what the disk holds. So the thread
 * ends, and nothing is written until the directory is opened anew. The thread also ends if it
 * cannot read the rows that an append builds upon (decision 44).
 */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { Appender } from "./appender.ts";
import { Eraser, type ErasureRequest } from "./erasure/eraser.ts";
import { CLEANED, type ErasureMessage, PING } from "./erasure/queue.ts";
import { causeOf, isUnreadable } from "./failures.ts";
import { takeCheckpoints } from "./files/checkpoint.ts";
import { openForWriting } from "./files/directory.ts";
import type { Answers, Batch, Ready, SpanBatch, Stopped } from "./protocol.ts";
import type { WriterData } from "./start.ts";

const port = parentPort;
if (!port) throw new Error("writer.ts runs in a worker thread");

const { file, checkpoints, erasurePort } = workerData as WriterData;
const database = openForWriting(file);
// What a statement may have to undo is a few hundred pages. Some hold what it erases, so they do
// not go to a file.
database.pragma("temp_store = MEMORY");
const checkpointWhenDue = takeCheckpoints(database, checkpoints);
const eraser = new Eraser(database);
const appender = openAppender();
if (appender) serve(port, appender);

/** Undefined if the rows it has to know cannot be read; then it has told the log so. */
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
	answer({ last: appender.last });
	port.on("message", (message: Batch | SpanBatch | "close") => {
		if (message === "close") {
			end();
			return;
		}
		orStop(() => {
			const answers = "span" in message ? appender.import(message.span) : appender.commit(message);
			answer(answers);
			if (answers.grown.length > 0) checkpointWhenDue();
		});
	});
	erasurePort.on("message", (erasure: ErasureRequest | typeof PING) => {
		if (erasure === PING) {
			answer({ erasing: PING });
			return;
		}
		orStop(() => {
			const erased = eraser.erase(erasure);
			// Reads show the erasure already, so caches must drop their documents, whatever the WAL does.
			answer({ erasing: erased });
			try {
				// If another process makes the checkpoints, cutting the WAL would break what it follows.
				if (checkpoints) eraser.clean(erased);
			} finally {
				answer({ erasing: CLEANED });
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
	answer({ stopped: reason });
	end();
}

/** All on one port, so that the log hears of the commits in their order. */
function answer(message: Ready | Answers | ErasureMessage | Stopped): void {
	port?.postMessage(message);
}

function end(): void {
	eraser.close();
	database.close();
	erasurePort.close();
	port?.close();
}
