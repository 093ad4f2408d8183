/** `varve serve`: starts the server, says how to use it, and stops it on a signal. */
import { resolve } from "node:path";
import { setFlagsFromString } from "node:v8";
import { isOpen } from "../config/access.ts";
import { OPTIONS, type Settings, settingsOf } from "../config.ts";
import { isRefusal } from "../errors.ts";
import type { RunningServer } from "../main.ts";
import type { LogLines } from "../observe/lines.ts";
import { logFault } from "../observe/operator-log.ts";
import { standardStream } from "../observe/standard.ts";
import type { Arguments } from "../options.ts";
import { explain } from "./explain.ts";
import { onReloadSignal, onStopSignal } from "./signals.ts";
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
		process exits with 0; a second signal, half a second later, ends it at once. SIGHUP makes the
		server read its --config file again. The operator log goes to stderr. If the disk fails, the
		server refuses appends until the next start, and reads go on. With --on-write-failure exit, the
		process exits with 1 instead, so that a supervisor can start it again. The server does the same
		if it finds damage at its start in data that an append builds upon.`,
	options: OPTIONS,
	keepsSignals: true,
	examples: [
		"varve serve",
		"varve serve --port 3000 --data /var/lib/varve",
		"varve serve --config /etc/varve.json --log-format json",
		"VARVE_HOST=0.0.0.0 VARVE_ALLOW_ANONYMOUS=yes varve serve",
	],
	run,
};

/**
 * After a collection, V8 lets the old objects and buffers of a busy process grow to as much as four
 * times what is alive, and the heap of malloc never gives all of that back. With half as much
 * again, a mixed load takes 70 MB less, for some 6 % more CPU (decision 161).
 */
const HEAP_GROWING = "--heap-growing-percent=50";

/** Refuses settings that are wrong, in the operator log and its form for programs. */
export async function refuseStart(error: unknown): Promise<number> {
	const { openOperatorLog } = await import("../observe/stderr.ts");
	openOperatorLog("json", "error").error(`not started: ${explain(error)}`);
	return EXIT.usage;
}

async function run(call: Arguments): Promise<number> {
	const settings = settingsOf(call);
	setFlagsFromString(HEAP_GROWING);
	const { openOperatorLog } = await import("../observe/stderr.ts");
	const log = openOperatorLog(settings.logFormat, settings.logLevel);
	const ended = new Ending(log);
	endOnBug(log);
	const { startServer } = await import("../main.ts");
	if (ended.reason !== undefined) return notStarted(log, ended.reason);
	let server: RunningServer;
	try {
		server = await startServer(settings, log, call.sources);
	} catch (error) {
		log.error(`not started: ${explain(error)}`);
		return EXIT.failed;
	}
	onReloadSignal(() => reload(server, call, log));
	if (settings.onWriteFailure === "exit") {
		void server.writerStopped.then((refusal) => {
			const isWriter = isRefusal(refusal, "writer-stopped");
			const reason = isWriter ? "the writer stopped" : "the database holds another history";
			ended.end(reason, EXIT.failed);
		});
	}
	if (ended.reason === undefined) greet(server, settings, log);
	const { reason, code } = await ended.over;
	await server.close(reason);
	return code;
}

/** Why the server is to end, once it is: a signal, which may come before it has started. */
class Ending {
	reason: string | undefined;
	readonly over: Promise<{ readonly reason: string; readonly code: number }>;
	#resolve: (end: { reason: string; code: number }) => void = () => undefined;

	constructor(log: LogLines) {
		this.over = new Promise((resolve) => {
			this.#resolve = resolve;
		});
		onStopSignal(
			(signal) => this.end(signal, EXIT.done),
			(reason) => log.warn("stopped at once: a second signal came", { reason }),
		);
	}

	/** The first reason counts. */
	end(reason: string, code: number): void {
		this.reason ??= reason;
		this.#resolve({ reason, code });
	}
}

function notStarted(log: LogLines, reason: string): number {
	log.info("stopped before it started", { reason });
	return EXIT.done;
}

/** What nobody caught is a bug: the process must not go on, and its log says why it ends. */
function endOnBug(log: LogLines): void {
	process.on("uncaughtException", (error) => {
		logFault(log, error);
		log.error("the process ends: what failed here is a bug of the server");
		process.exit(EXIT.failed);
	});
}

/** A file that is wrong changes nothing. */
function reload(server: RunningServer, call: Arguments, log: LogLines): void {
	try {
		const now = call.reread?.() ?? call;
		server.reload(settingsOf(now), now.sources);
	} catch (error) {
		log.error(`the settings are not reloaded: ${explain(error)}`);
	}
}

/** Where nobody reads standard output, the server serves all the same. */
function greet({ url, madePassword }: RunningServer, settings: Settings, log: LogLines): void {
	// Containers and services keep what is printed; a terminal shows it once.
	const isSeen = process.stdout.isTTY && madePassword !== undefined;
	const login = isSeen ? loginOf(madePassword) : "";
	standardStream(1).write(login + greeting(url, settings), (error) => {
		if (error) log.warn(`standard output cannot be written: ${explain(error)}`);
	});
}

function loginOf({ password, file }: NonNullable<RunningServer["madePassword"]>): string {
	return `The user admin has the password ${password}\nThe file ${resolve(file)} has it, too.\n\n`;
}

/**
 * Both lines work when pasted into a shell, if curl trusts the certificate: `-L` follows the
 * redirect that names the event; `-u` lets curl ask for the password where the server wants one.
 */
function greeting(url: string, settings: Settings): string {
	const { data, noAdminUi } = settings;
	// A server on all addresses is reached, from here, under the loopback one.
	const base = url.replace("//0.0.0.0", "//127.0.0.1").replace("//[::]", "//[::1]");
	const user = isOpen(settings) ? "" : "-u admin ";
	const overview = noAdminUi ? "" : "Open that in a browser to see what is in the store.\n";
	return `Varve listens on ${base}
${overview}
Append an event:
  curl -i -L ${user}${base}/streams/greetings ${GREETING}
Read the stream:
  curl ${user}'${base}/streams/greetings?embed=body' -H 'Accept: application/vnd.eventstore.atom+json'

The data is in ${resolve(data)}
`;
}
