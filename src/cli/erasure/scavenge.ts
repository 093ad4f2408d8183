/** `varve scavenge`: starts, stops and watches the scavenge of a running server. */
import type { ReadEvent } from "../../../feeds/reader/event.ts";
import type { Arguments, Values } from "../../options.ts";
import { Failure } from "../explain.ts";
import { answer, note, report } from "../output/standard.ts";
import { trustedFetch } from "../reading/trust.ts";
import { CLIENT_OPTIONS, credentials, EXIT, number, text, type Verb } from "../verb.ts";

export const scavenge: Verb = {
	name: "scavenge",
	summary: "Erase the events that no read can reach",
	operands: ["[start|stop|status]"],
	purpose: `Erases the events that no read of their stream shows any more, on a running server:
		events that $maxAge, $maxCount and $tb hide, older metadata, and the events of deleted streams.
		Numbers and positions stay, and a repeated append still gets its first answer; $all leaves the
		erased events out. The server keeps serving: the scavenge works in small steps, and with
		--throttle-percent below 100 it rests between them. start (the default) begins a run and follows
		it to its end; the exit code is 1 if the run does not succeed. If you interrupt start, or pass
		--detach, the run continues. stop ends the current run after its current step; the next run does
		the rest. status describes the run that was started last. The stream $scavenges-ID holds
		everything about a run.`,
	options: [
		...CLIENT_OPTIONS,
		{
			name: "throttlePercent",
			flag: "throttle-percent",
			kind: "whole-number",
			default: 100,
			min: 1,
			max: 100,
			perCall: true,
			help: "Part of the time to work. The rest is left to other requests.",
		},
		{
			name: "detach",
			flag: "detach",
			kind: "yes-no",
			default: false,
			perCall: true,
			help: "Do not wait for the end of the run.",
		},
	],
	examples: [
		"varve scavenge",
		"varve scavenge start --throttle-percent 25 --detach",
		"varve scavenge status",
		"varve scavenge stop",
	],
	run,
};

type Story = {
	readonly type: string;
	readonly facts: {
		readonly result?: string;
		readonly error?: string;
		readonly timeTaken?: string;
		readonly spaceSaved?: number;
		readonly eventsErased?: number;
		readonly chunkEndNumber?: number;
	};
};
type Last = { readonly scavengeId: string; readonly scavengeResult: string };

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function run({ operands, values }: Arguments): Promise<number> {
	const [action = "start"] = operands;
	const act = ACTIONS.get(action);
	if (!act) {
		throw new Failure(`${action} is no action: name start, stop or status`, EXIT.usage);
	}
	return act(values);
}

const ACTIONS: ReadonlyMap<string, (values: Values) => Promise<number>> = new Map([
	["start", start],
	["stop", stop],
	["status", status],
]);

async function start(values: Values): Promise<number> {
	const query = `?throttlePercent=${number(values, "throttlePercent")}`;
	const { scavengeId } = await askForRun(values, "POST", `/admin/scavenge${query}`);
	report(`scavenge ${scavengeId} runs\n`);
	if (values.detach) return EXIT.done;
	for await (const story of storyOf(scavengeId, values, true)) {
		if (story.type === "$scavengeChunksCompleted") note(`${progress(story)}\n`);
		if (story.type !== "$scavengeCompleted") continue;
		report(`${completed(story)}\n`);
		return story.facts.result === "Success" ? EXIT.done : EXIT.failed;
	}
	return EXIT.failed;
}

async function stop(values: Values): Promise<number> {
	const { scavengeId } = await askForRun(values, "DELETE", "/admin/scavenge/current");
	report(`scavenge ${scavengeId} stopped\n`);
	return EXIT.done;
}

async function status(values: Values): Promise<number> {
	const { scavengeId, scavengeResult } = await askForRun(values, "GET", "/admin/scavenge/last");
	if (scavengeResult === "Unknown") {
		answer("no scavenge was ever started\n");
		return EXIT.done;
	}
	let newest: Story | undefined;
	for await (const story of storyOf(scavengeId, values, false)) newest = story;
	const isRunning = scavengeResult === "InProgress";
	const said = newest?.type === "$scavengeStarted" || !newest ? "nothing erased yet" : "";
	const told = said || (isRunning ? progress(newest as Story) : completed(newest as Story));
	answer(`scavenge ${scavengeId} ${isRunning ? "runs" : "is over"}: ${told}\n`);
	return EXIT.done;
}

/** Which run an answer is about, and how that run went, if it was asked for the last one. */
async function askForRun(
	values: Values,
	method: "GET" | "POST" | "DELETE",
	path: string,
): Promise<Last> {
	const { request, membersIn } = await import("../reading/request.ts");
	return request(values, { method, path }, (answer) => {
		const { scavengeId, scavengeResult = "" } = membersIn(answer) ?? {};
		const isRun = typeof scavengeId === "string" && UUID.test(scavengeId);
		const isTold =
			typeof scavengeResult === "string" && (method !== "GET" || scavengeResult !== "");
		return isRun && isTold ? { scavengeId, scavengeResult } : undefined;
	});
}

/** The events that a run has written so far; with `follow`, also those it still writes. */
async function* storyOf(id: string, values: Values, follow: boolean): AsyncGenerator<Story> {
	const { readStream } = await import("../../../feeds/reader/read.ts");
	const server = { url: text(values, "url"), headers: credentials(values), fetch: trustedFetch };
	const options = { ...server, follow };
	const events = readStream({ ...options, stream: `$scavenges-${id}`, pageSize: 20 });
	for await (const event of events) yield { type: event.type, facts: factsOf(event) };
}

function factsOf({ data }: ReadEvent): Story["facts"] {
	return JSON.parse(Buffer.from(data).toString() || "{}") as Story["facts"];
}

function progress({ facts }: Story): string {
	return `${(facts.chunkEndNumber ?? 0) * 10} % of the streams, ${sums({ type: "", facts })}`;
}

function completed({ facts, type }: Story): string {
	const why = facts.error === undefined ? "" : ` (${facts.error})`;
	return `${(facts.result ?? type).toLowerCase()}${why}, ${sums({ type, facts })}`;
}

function sums({ facts }: Story): string {
	const { eventsErased = 0, spaceSaved = 0, timeTaken = "" } = facts;
	return `${eventsErased} events with ${spaceSaved} bytes erased in ${timeTaken.slice(0, 12)}`;
}
