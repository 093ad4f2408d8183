/** `varve query`: runs a query on a server, and prints what comes of it while it runs. */
import { readFile } from "node:fs/promises";
import { text as textOf } from "node:stream/consumers";
import { problemIn } from "../../../feeds/exchange/problem.ts";
import type { FetcherBody } from "../../../feeds/exchange/transport.ts";
import { standardStream } from "../../observe/standard.ts";
import type { Arguments } from "../../options.ts";
import { Failure } from "../explain.ts";
import { Printer } from "../output/printer.ts";
import { Progress } from "../output/progress.ts";
import { note } from "../output/standard.ts";
import { FirstAnswer } from "../reading/first-answer.ts";
import { onStopSignal } from "../signals.ts";
import { CLIENT_OPTIONS, credentials, EXIT, text, type Verb } from "../verb.ts";

export const query: Verb = {
	name: "query",
	summary: "Run a query in the language of projections on a server, over all its events",
	operands: ["FILE"],
	purpose: `Sends the script in FILE, - for standard input, and prints what comes of it while the
		server runs it: one JSON object a line, with state, log or emitted. A later state of a
		partition replaces the one before; the last ones are those of the end. Nothing is appended.
		Progress goes to standard error. Ctrl-C ends it here and at the server. The command fails if
		the script does, or if the server's time for it (--search-ms) is over before its events are.
		To try a script over a part of the events, or a file, see varve projection run.`,
	options: CLIENT_OPTIONS,
	examples: ["varve query totals.js", "varve query - < totals.js | jq -c 'select(.state).state'"],
	keepsSignals: true,
	run,
};

type Facts = {
	readonly read: number;
	readonly position: number;
	readonly percent: number;
	readonly reason?: string;
	readonly fault?: { readonly description: string };
	readonly problem?: { readonly detail: string };
	readonly detail?: string;
};

async function run({ operands, values }: Arguments): Promise<number> {
	const [file = ""] = operands;
	if (file === "") throw new Failure("FILE is missing: varve query FILE", EXIT.usage);
	const stopped = new AbortController();
	const done = onStopSignal(() => stopped.abort());
	try {
		const body = await scriptIn(file);
		const printer = new Printer(standardStream(1));
		const signal = AbortSignal.any([stopped.signal, printer.signal]);
		const answered = new Answered(printer);
		try {
			await answered.follow(await ask(text(values, "url"), credentials(values), body, signal));
		} catch (error) {
			if (!signal.aborted) throw error;
		}
		await printer.flushed();
		if (stopped.signal.aborted) {
			note(`varve: cancelled at position ${answered.position}\n`);
			return EXIT.interrupted;
		}
		if (printer.signal.aborted) return EXIT.done;
		return answered.end(file);
	} finally {
		done();
	}
}

/** What the server tells: states go out, how far it is to standard error. */
class Answered {
	readonly #printer: Printer;
	#facts: Facts = { read: 0, position: -1, percent: 0 };

	constructor(printer: Printer) {
		this.#printer = printer;
	}

	get position(): number {
		return this.#facts.position;
	}

	async follow(lines: AsyncIterable<string>): Promise<void> {
		const progress = new Progress(process.stderr, {
			events: () => this.#facts.read,
			fraction: () => this.#facts.percent / 100,
		});
		try {
			for await (const line of lines) {
				const facts = factsIn(line);
				if (facts) this.#facts = facts;
				else await this.#printer.print(`${line}\n`);
			}
		} finally {
			progress.close();
		}
	}

	/** @throws Failure unless it has come to its end */
	end(file: string): number {
		const { reason, fault, problem, detail, read, position } = this.#facts;
		if (reason === "completed") {
			note(`varve: completed: ${read} events read, up to position ${position}\n`);
			return EXIT.done;
		}
		if (fault) throw new Failure(`${file}: ${fault.description}`);
		if (problem) throw new Failure(problem.detail);
		if (reason === undefined) throw new Failure("the answer was cut off");
		throw new Failure(detail ?? `the server's time for it was over at position ${position}`);
	}
}

/** @throws Failure in the server's words if it refuses */
async function ask(
	url: string,
	headers: Readonly<Record<string, string>>,
	body: string,
	signal: AbortSignal,
): Promise<AsyncIterable<string>> {
	const type = { "content-type": "application/javascript", accept: "application/x-ndjson" };
	const { fetch, onRetry } = new FirstAnswer(url, false);
	const all = { ...headers, ...type };
	const sent = { method: "POST", headers: all, body, redirect: "manual", signal } as const;
	const target = `${url.replace(/\/$/, "")}/search`;
	const answer = await fetch(target, sent).catch((error: unknown) => {
		signal.throwIfAborted();
		onRetry({ url, reason: String(error), faults: 1, delayMs: 0 });
		throw error;
	});
	const isLines = answer.headers.get("content-type")?.startsWith("application/x-ndjson");
	if (answer.status === 200 && isLines && answer.body) return linesOf(answer.body);
	const said = await wholeOf(answer.body);
	const problem = problemIn(answer.status, answer.headers.get("content-type"), said);
	throw new Failure(problem?.detail ?? `POST ${target}: not an answer of Varve: ${answer.status}`);
}

/** Another server's page may be long. */
const REFUSAL_BYTES_MAX = 1024 * 1024;

async function wholeOf(body: FetcherBody | null): Promise<Buffer> {
	const chunks: Uint8Array[] = [];
	let bytes = 0;
	for await (const chunk of body ? chunksOf(body) : []) {
		chunks.push(chunk);
		bytes += chunk.length;
		if (bytes > REFUSAL_BYTES_MAX) break;
	}
	return Buffer.concat(chunks);
}

async function* chunksOf(body: FetcherBody): AsyncGenerator<Uint8Array> {
	const reader = body.getReader();
	for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
}

async function* linesOf(body: FetcherBody): AsyncGenerator<string> {
	const decoder = new TextDecoder();
	let rest = "";
	for await (const chunk of chunksOf(body)) {
		const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
		rest = lines.pop() ?? "";
		yield* lines;
	}
}

/** Of the lines that say how far it is; undefined for all others. */
function factsIn(line: string): Facts | undefined {
	if (!line.startsWith('{"progress":') && !line.startsWith('{"end":')) return undefined;
	const { progress, end } = JSON.parse(line) as { progress?: Facts; end?: Facts };
	return end ?? progress;
}

/** @throws Failure */
async function scriptIn(file: string): Promise<string> {
	try {
		return file === "-" ? await textOf(process.stdin) : await readFile(file, "utf8");
	} catch (error) {
		throw new Failure(`${file} cannot be read: ${(error as Error).message}`, EXIT.usage);
	}
}
