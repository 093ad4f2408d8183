/** A verifier's thread: takes a job, posts its outcome, and waits for the next. */
import { parentPort, workerData } from "node:worker_threads";
import { openForReading } from "../files/directory.ts";
import { doJob, type Job, type Message } from "./jobs.ts";
import { viewOf } from "./stored/view.ts";

const port = parentPort;
if (!port) throw new Error("thread.ts runs in a worker thread");

const database = openForReading(workerData as string);
const view = viewOf(database);

port.on("message", async (job: Job | "close") => {
	if (job === "close") {
		database.close();
		port.close();
		return;
	}
	const post = (message: Message) => port.postMessage(message);
	post({ outcome: await doJob(database, view, job, post) });
});
