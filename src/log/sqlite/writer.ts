/** The writer's thread: takes batches, answers them, one after another. */
import { parentPort, workerData } from "node:worker_threads";
import { Appender } from "./appender.ts";
import { openForWriting } from "./files/directory.ts";
import type { Batch } from "./protocol.ts";

export type WriterTask = { readonly file: string; readonly checkpoints: boolean };

const port = parentPort;
if (!port) throw new Error("writer.ts runs in a worker thread");

const { file, checkpoints } = workerData as WriterTask;
const appender = new Appender(openForWriting(file, checkpoints));
port.postMessage("ready");

port.on("message", (message: Batch | "close") => {
	if (message === "close") {
		appender.close();
		port.close();
		return;
	}
	port.postMessage(appender.commit(message));
});
