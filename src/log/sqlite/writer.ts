/**
 * The writer's thread: takes batches, answers them, one after another; and between two of them, one
 * step of erasing where that is asked for.
 */
import { parentPort, workerData } from "node:worker_threads";
import { Appender } from "./appender.ts";
import { Eraser, type Erasure } from "./erasing/eraser.ts";
import { openForWriting } from "./files/directory.ts";
import type { WriterData } from "./log.ts";
import type { Batch } from "./protocol.ts";

const port = parentPort;
if (!port) throw new Error("writer.ts runs in a worker thread");

const { file, erasing } = workerData as WriterData;
const database = openForWriting(file);
const appender = new Appender(database);
const eraser = new Eraser(database);
port.postMessage("ready");

port.on("message", (message: Batch | "close") => {
	if (message === "close") {
		eraser.close();
		appender.close();
		erasing.close();
		port.close();
		return;
	}
	port.postMessage(appender.commit(message));
});
erasing.on("message", (erasure: Erasure) => erasing.postMessage(eraser.answer(erasure)));
