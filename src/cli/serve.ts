/** `varve serve`: starts the server, says how to use it, and stops it on a signal. */
import { resolve } from "node:path";
import { OPTIONS, settingsOf } from "../config.ts";
import type { Arguments } from "../options.ts";
import { onStopSignal } from "./signals.ts";
import { EXIT, type Verb } from "./verb.ts";

/** A first event, as curl sends it. */
const GREETING =
	"-H 'Content-Type: application/json' -H 'ES-EventType: Greeted' " + `-d '{"hello":"world"}'`;

export const serve: Verb = {
	name: "serve",
	summary: "Start the server",
	operands: [],
	purpose: `Starts the server on a data directory, and prints its URL and two commands to try. It
		makes the directory if there is none. The server answers an append when it is on disk, so you
		may kill the process at any moment. SIGTERM and SIGINT let running requests finish, then the
		process exits with 0; a second signal ends it at once. If the disk fails, the server refuses
		appends until the next start, and reads go on. With --on-write-failure exit, the process exits
		with 1 instead, so that a supervisor can start it again. The server does the same if it finds
		damage at its start in data that an append builds upon.`,
	options: OPTIONS,
	examples: [
		"varve serve",
		"varve serve --port 3000 --data /var/lib/varve",
		"VARVE_HOST=0.0.0.0 VARVE_ALLOW_ANONYMOUS=yes varve serve",
	],
	run,
};

async function run(call: Arguments): Promise<number> {
	const settings = settingsOf(call);
	const { startServer } = await import("../main.ts");
	const server = await startServer(settings);
	const ended = new Promise<number>((end) => {
		onStopSignal(() => end(EXIT.done));
		if (settings.onWriteFailure === "exit") {
			void server.writerStopped.then(() => end(EXIT.failed));
		}
	});
	process.stdout.write(greeting(server.url, resolve(settings.data)));
	const code = await ended;
	await server.close();
	return code;
}

/** Both lines work when pasted into a shell; `-L` follows the redirect that names the event. */
function greeting(url: string, data: string): string {
	// A server on all addresses is reached, from here, under the loopback one.
	const base = url.replace("//0.0.0.0", "//127.0.0.1").replace("//[::]", "//[::1]");
	return `Varve listens on ${base}

Append an event:
  curl -i -L ${base}/streams/greetings ${GREETING}
Read the stream:
  curl '${base}/streams/greetings?embed=body' -H 'Accept: application/vnd.eventstore.atom+json'

The data is in ${data}
`;
}
