/** `varve projection`: runs one here, over the events of a server or a file; or asks a server. */
import { readFile } from "node:fs/promises";
import { standardStream } from "../../observe/standard.ts";
import type { Arguments } from "../../options.ts";
import { Failure } from "../explain.ts";
import { Printer } from "../output/printer.ts";
import { note } from "../output/standard.ts";
import { CLIENT_OPTIONS, EXIT, optionalNumber, optionalText, type Verb } from "../verb.ts";
import { KEPT_OPTIONS, runKept } from "./kept.ts";

export const projection: Verb = {
	name: "projection",
	summary: "List, make, change, run, stop and delete projections, and try them here",
	operands: [
		"run|list|show|create|update|enable|disable|reset|delete|state|result",
		"[NAME]",
		"[FILE]",
	],
	purpose: `A projection is a view that the server keeps: a script in FILE folds events into states.
		list prints a line of JSON for each one; show, how one stands, with its query. create makes one,
		update replaces its query, reset lets it begin anew. state and result print the JSON of a
		partition. run FILE asks no server to keep anything: it runs the script over the events of a
		server, or of a file of NDJSON, in the sandbox that a server uses, and prints what comes of it:
		one JSON object a line, with its kind.
		emitted and log come as they happen; state, shared and result at the end, for each partition.
		Nothing is appended. The command fails if the script does: it names the line, the column and the
		event. Lines of events are those of varve read and varve export, or only
		{"stream","type","data"}.`,
	options: [
		...CLIENT_OPTIONS,
		...KEPT_OPTIONS,
		{
			name: "events",
			flag: "events",
			kind: "text",
			default: undefined,
			placeholder: "FILE",
			perCall: true,
			help: "Read the events from this file, - for standard input, in place of a server.",
		},
		{
			name: "from",
			flag: "from",
			kind: "whole-number",
			default: undefined,
			max: 2 ** 52,
			perCall: true,
			help: "Position in the log of the first event. Default: the first.",
		},
		{
			name: "to",
			flag: "to",
			kind: "whole-number",
			default: undefined,
			max: 2 ** 52,
			perCall: true,
			help: "Position of the last event. Default: the last.",
		},
		{
			name: "steps",
			flag: "steps",
			kind: "yes-no",
			default: false,
			perCall: true,
			help: "Print each event that a handler saw, with the state before and after it.",
		},
		{
			name: "restarts",
			flag: "restarts",
			kind: "yes-no",
			default: false,
			perCall: true,
			help: "Also run with a restart after every few events, and fail if the states differ.",
		},
	],
	examples: [
		"varve projection create by-customer query.js",
		"varve projection state by-customer --partition ann",
		"varve projection run totals.js",
		"varve projection run totals.js --events orders.ndjson --restarts",
		"varve projection run totals.js --from 1000 --to 1020 --steps | jq .",
	],
	run,
};

async function run(call: Arguments): Promise<number> {
	const { operands, values } = call;
	const [action = "", file = ""] = operands;
	if (action !== "run") return runKept(call);
	if (file === "") {
		throw new Failure("FILE is missing: varve projection run FILE", EXIT.usage);
	}
	const source = await readFile(file, "utf8");
	const printer = new Printer(standardStream(1));
	const [{ Runs }, { eventsFor }] = await Promise.all([import("./runs.ts"), import("./events.ts")]);
	const runs = await Runs.open(source, file, {
		steps: values.steps === true,
		restarts: values.restarts === true,
	});
	try {
		const span = {
			from: optionalNumber(values, "from") ?? 0,
			to: optionalNumber(values, "to") ?? Number.POSITIVE_INFINITY,
		};
		const events = eventsFor(runs.definition, optionalText(values, "events"), values, span);
		for await (const batch of events) {
			for (const line of await runs.take(batch)) await printer.print(line);
			if (runs.failure || printer.signal.aborted) break;
		}
		for (const line of await runs.end()) await printer.print(line);
		await printer.flushed();
		if (runs.failure) note(`varve: ${runs.failure}\n`);
		return runs.failure ? EXIT.failed : EXIT.done;
	} finally {
		await runs.close();
	}
}
