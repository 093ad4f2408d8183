#!/usr/bin/env node
// An aggregator: follows a stream and keeps a read model of it. See README.md.
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { readStream } from "varve/feeds";
import { ReadModel, removeReadModel } from "./read-model.js";

const USAGE = `Usage: aggregate.js [report] [OPTIONS]

Without "report", it reads the new events, then waits for more. "report" prints the read model.

  --url URL        the server; default http://127.0.0.1:2113
  --stream STREAM  the stream to follow; default $all
  --state FILE     the file of the read model; default aggregator.sqlite
  --once           stop at the head
  --reset          delete the read model first, and rebuild it from the first event
`;

/** A transaction takes this many events: each commit costs a flush, so a few hundred share one. */
const BATCH_EVENTS_MAX = 500;
/** And it waits this long for them, so that a single event is seen soon. */
const BATCH_MS_MAX = 200;

let parsed;
try {
	parsed = parseArgs({
		allowPositionals: true,
		options: {
			url: { type: "string", default: "http://127.0.0.1:2113" },
			stream: { type: "string", default: "$all" },
			state: { type: "string", default: "aggregator.sqlite" },
			once: { type: "boolean", default: false },
			reset: { type: "boolean", default: false },
			help: { type: "boolean", default: false },
		},
	});
	const [verb, ...rest] = parsed.positionals;
	if ((verb ?? "report") !== "report" || rest.length > 0)
		throw new Error(`unknown command ${verb}`);
} catch (error) {
	fail(error, 2);
}
const { values, positionals } = parsed;

if (values.help) process.stdout.write(USAGE);
else if (positionals[0] === "report") report();
else await aggregate().catch((error) => fail(error, 1));

function report() {
	if (!existsSync(values.state)) fail(new Error(`${values.state} is not there`), 1);
	const model = new ReadModel(values.state, values.stream);
	process.stdout.write(`${JSON.stringify(model.report(), null, "\t")}\n`);
	model.close();
}

async function aggregate() {
	if (values.reset) removeReadModel(values.state);
	const model = new ReadModel(values.state, values.stream, crashWhenAsked());
	const stop = new AbortController();
	for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop.abort());

	const batch = openBatch((events) => model.fold(events));
	const events = readStream({
		url: values.url,
		stream: values.stream,
		from: model.at + 1,
		follow: !values.once,
		// A program that is to end must also end where nobody answers.
		...(values.once ? { retriesMax: 8 } : {}),
		signal: stop.signal,
		onRetry: ({ reason, delayMs }) => {
			process.stderr.write(`${reason}; trying again in ${Math.ceil(delayMs / 1000)} s\n`);
		},
		...(process.stderr.isTTY ? { onProgress: showProgress } : {}),
	});
	for await (const event of events) batch.add(event);
	batch.flush();
	model.close();
}

/** One line on the terminal, which is written over. */
function showProgress({ at = -1, head, eventsPerSecond, secondsLeft }) {
	const place = head === undefined ? `${at}` : `${at} of ${head}`;
	const left = secondsLeft ? `, ${Math.ceil(secondsLeft)} s left` : "";
	process.stderr.write(`\r\u001b[K${place}, ${Math.round(eventsPerSecond)}/s${left}`);
}

/**
 * Collects events, and hands them over together once they are enough, or the first has waited
 * enough.
 */
function openBatch(handOver) {
	let events = [];
	let timer;
	const flush = () => {
		clearTimeout(timer);
		timer = undefined;
		if (events.length > 0) handOver(events);
		events = [];
	};
	const add = (event) => {
		events.push(event);
		if (events.length >= BATCH_EVENTS_MAX) flush();
		else timer ??= setTimeout(flush, BATCH_MS_MAX);
	};
	return { add, flush };
}

/**
 * AGGREGATOR_CRASH_AFTER=700 kills it at the 700th event, in mid-transaction: to see that nothing
 * is lost.
 */
function crashWhenAsked() {
	let left = Number(process.env.AGGREGATOR_CRASH_AFTER ?? Number.POSITIVE_INFINITY);
	return () => {
		if (--left === 0) process.kill(process.pid, "SIGKILL");
	};
}

function fail(error, exitCode) {
	process.stderr.write(`${error.message}\n${exitCode === 2 ? USAGE : ""}`);
	process.exit(exitCode);
}
