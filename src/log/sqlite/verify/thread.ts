/** A verifier's thread: takes a job, posts its outcome, and waits for the next. */
import { parentPort, workerData } from "node:worker_threads";
import { openForReading } from "../files/directory.ts";
import { doJob, type Job, type Message } from "./jobs.ts";
import { Pace } from "./pace.ts";
import { viewOf } from "./stored/view.ts";
import type { ThreadData } from "./verifying-thread.ts";

const port = parentPort;
if (!port) throw new Error("thread.ts runs in a worker thread");

const { file, percent } = workerData as ThreadData;
const pace = new Pace(percent);
const database = openForReading(file);
const view = viewOf(database, () => pace.rest());

port.on("message", async (job: Job | "close") => {
	if (job === "close") {
		database.close();
		port.close();
		return;
	}
	const post = (message: Message) => port.postMessage(message);
	pace.begin();
	const outcome = await doJob(database, view, job, post);
	pace.rest();
	post({ outcome });
});
