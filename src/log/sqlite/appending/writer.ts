/**
 * The writer's thread. It takes all batches that have come into one commit, and answers them.
 * Between two commits it takes one step of an erasure, if the log has asked for one. Batches and
 * erasures come on two ports; all answers leave on one.
 *
 *     batches ─▶ commit ─▶ answers ─▶ checkpoint of the WAL, if one is due
 *                   └── failed ──────────┴─▶ stopped: says why, and takes no more
 *
 * After any failure that is not the append's own, nobody knows what the disk holds. So the thread
 * ends, and nothing is written until the directory is opened anew. The thread also ends if it
 * cannot read the rows that an append builds upon (decision 44).
 */
import {
	type MessagePort,
	parentPort,
	receiveMessageOnPort,
	workerData,
} from "node:worker_threads";
import { Eraser, type ErasureRequest } from "../erasure/eraser.ts";
import { CLEANED, type ErasureMessage, PING } from "../erasure/queue.ts";
import { causeOf, isUnreadable } from "../failures.ts";
import { takeCheckpoints } from "../files/checkpoint.ts";
import { openForWriting } from "../files/directory.ts";
import type { Answers, Ready, Stopped, WriterMessage } from "../protocol.ts";
import { Appender } from "./appender.ts";
import { Arrivals } from "./arrivals.ts";
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
let isEnded = false;
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
	const arrivals = new Arrivals(port);
	port.on("message", (message: WriterMessage) => {
		let next: WriterMessage | undefined = message;
		for (; next && !isEnded; next = arrivals.held()) {
			write(next, appender, arrivals);
			// Node.js takes up to a thousand messages of one port before it looks at the other one.
			const erasure = receiveMessageOnPort(erasurePort);
			if (erasure) erase(erasure.message);
		}
	});
	erasurePort.on("message", erase);
}

function write(message: WriterMessage, appender: Appender, arrivals: Arrivals): void {
	if (message === "close") {
		end();
		return;
	}
	orStop(() => {
		const answers =
			"span" in message ? appender.import(message.span) : appender.commit(arrivals.from(message));
		answer(answers);
		if (answers.grown.length > 0) checkpointWhenDue();
	});
}

function erase(erasure: ErasureRequest | typeof PING): void {
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
	isEnded = true;
	eraser.close();
	database.close();
	erasurePort.close();
	port?.close();
}
