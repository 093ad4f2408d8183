/** `varve compare`: whether one store is the copy of another, event by event. */
import type { Arguments, Values } from "../../options.ts";
import { explain, Failure } from "../explain.ts";
import { count } from "../output/progress.ts";
import { answer } from "../output/standard.ts";
import { CLIENT_OPTIONS, EXIT, optionalText, type Verb } from "../verb.ts";
import { readServer, type Server } from "./admin.ts";
import { type Compared, compareLogs } from "./logs.ts";

/** As `cmp` and `diff` have it, but for 2: that is a wrong command line here. */
const EXIT_TROUBLE = 3;

/** More differences say nothing that the first do not. */
const SHOWN_MAX = 10;

export const compare: Verb = {
	name: "compare",
	summary: "Compare two stores, event by event",
	operands: ["SOURCE", "COPY"],
	purpose: `Reads two servers, named by their URLs, and compares their logs position by position:
		streams, versions, ids, types, times, content byte for byte, metadata of streams, links,
		tombstones, erased events and their hashes, and the histories they are of. Then it compares what
		reads of each stream show, index streams too; of users, it compares all but the hashes of their
		passwords. It prints the first differences. The exit code is
		0 if there are none, 1 if there are some, 3 if a store cannot be read. Compare stores that
		nobody writes to: an event that came meanwhile is a difference.`,
	options: [
		...CLIENT_OPTIONS.filter(({ name }) => name !== "url"),
		{
			name: "copyUser",
			flag: "copy-user",
			kind: "text",
			default: undefined,
			placeholder: "NAME:PASSWORD",
			help: "Credentials for COPY. Without it, COPY gets none.",
		},
		{
			name: "logOnly",
			flag: "log-only",
			kind: "yes-no",
			default: false,
			perCall: true,
			help: "Compare the logs only, not what reads show.",
		},
	],
	examples: [
		"varve compare http://old:2113 http://new:2113",
		"varve compare --log-only http://old:2113 http://new:2113",
	],
	run,
};

async function run({ operands, values }: Arguments): Promise<number> {
	const [source, copy] = operands.map(urlOf);
	if (source === undefined || copy === undefined) {
		throw new Failure("SOURCE and COPY are needed: the URLs of two servers", EXIT.usage);
	}
	const servers = serversOf(source, copy, values);
	try {
		const logs = await compareLogs(...servers, SHOWN_MAX, print);
		const reads = values.logOnly ? undefined : await compareReadsOf(logs, servers);
		return conclude(logs, reads);
	} catch (error) {
		throw error instanceof Failure && error.exitCode === EXIT.usage
			? error
			: new Failure(explain(error), EXIT_TROUBLE);
	}
}

async function compareReadsOf(
	{ streams }: Compared,
	servers: readonly [Server, Server],
): Promise<number> {
	const { compareReads } = await import("./reads.ts");
	// An export without --accounts leaves out the hashes of passwords, and reads show them.
	const compared = new Set([...streams].filter((stream) => !stream.startsWith("$user-")));
	return compareReads(...servers, compared, SHOWN_MAX, print);
}

function conclude(
	{ events, erased, different, streams, histories }: Compared,
	reads: number | undefined,
): number {
	if (histories) {
		const [source, copy] = histories;
		print(`history ${source} in SOURCE, ${copy} in COPY: one of them was restored from a backup`);
	}
	const logs = `${count(events)} events, ${count(erased)} of them erased`;
	if (different === 0 && (reads ?? 0) === 0) {
		const shown = reads === undefined ? "" : `; ${count(streams.size)} streams show the same`;
		answer(`equal: ${logs}${shown}\n`);
		return EXIT.done;
	}
	const more =
		reads === undefined
			? ""
			: `; ${count(reads)} of ${count(streams.size)} streams show other events`;
	answer(`different: ${count(different)} of ${logs}${more}\n`);
	return EXIT.failed;
}

function serversOf(source: string, copy: string, values: Values): readonly [Server, Server] {
	const { signal } = new AbortController();
	const copyUser = optionalText(values, "copyUser");
	return [
		readServer({ ...values, url: source }, signal),
		readServer({ ...values, url: copy, user: copyUser, token: undefined }, signal),
	];
}

function urlOf(text: string): string {
	const url = URL.canParse(text) ? new URL(text) : undefined;
	if (url && /^https?:$/.test(url.protocol)) return url.href;
	throw new Failure(`${text} is no URL of a server, such as http://127.0.0.1:2113`, EXIT.usage);
}

function print(line: string): void {
	answer(`${line}\n`);
}
