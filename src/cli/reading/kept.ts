/** What the server keeps of `varve follow`: a position under a name, or a member of a group. */
import type { ReadOptions } from "../../../feeds/reader/options.ts";
import type { Option, Values } from "../../options.ts";
import { Failure } from "../explain.ts";
import { readLine } from "../output/event.ts";
import type { Printer } from "../output/printer.ts";
import { EXIT, optionalNumber, optionalText } from "../verb.ts";

export const KEPT_AT_SERVER: readonly Option[] = [
	{
		name: "position",
		flag: "position",
		kind: "text",
		default: undefined,
		placeholder: "NAME",
		perCall: true,
		help: "In place of --checkpoint: the server keeps the position under this name.",
	},
	{
		name: "group",
		flag: "group",
		kind: "text",
		default: undefined,
		placeholder: "NAME",
		perCall: true,
		help: "Be a member of this group, and print the events of some of its partitions.",
	},
	{
		name: "partitions",
		flag: "partitions",
		kind: "whole-number",
		default: undefined,
		min: 1,
		max: 1024,
		perCall: true,
		help: "With --group and STREAM: make the group with so many partitions, if it is not there.",
	},
];

const LAST_SAVE_MS = 5000;

/** A reader position that is kept between two runs. */
export type Kept = {
	/** Number of the last event that an earlier run handed over. */
	readonly at: number | undefined;
	readonly save: (at: number) => Promise<void>;
};

/** @throws Error if the position is one in another stream, or in a history that was replaced */
export async function openAtServer(name: string, options: ReadOptions): Promise<Kept> {
	const { ServerPosition } = await import("../../../feeds/position/at-server.ts");
	const position = await ServerPosition.open(options, name).catch((error: unknown) => {
		// SIGINT or SIGTERM came before the first answer.
		if (options.signal?.aborted) return undefined;
		throw error;
	});
	if (position === undefined) return { at: undefined, save: async () => undefined };
	// A stop saves once more, for as long as supervisors wait.
	const over = new AbortController();
	const end = () => setTimeout(() => over.abort(), LAST_SAVE_MS).unref();
	options.signal?.addEventListener("abort", end);
	return { at: position.at, save: (at) => position.save(at, over.signal) };
}

export type GroupAsked = {
	readonly group: string;
	/** Both are there, or none. */
	readonly making: { readonly stream?: string; readonly partitions?: number };
};

/** @throws Failure if the options do not fit together */
export function groupIn(operands: readonly string[], values: Values): GroupAsked | undefined {
	const keeps = ["checkpoint", "position", "group"].filter((name) => values[name] !== undefined);
	if (keeps.length > 1) {
		throw new Failure(`--${keeps.join(" and --")}: one place keeps how far it is`, EXIT.usage);
	}
	const group = optionalText(values, "group");
	const partitions = optionalNumber(values, "partitions");
	if (group === undefined) {
		if (partitions !== undefined) throw new Failure("--partitions goes with --group", EXIT.usage);
		return undefined;
	}
	for (const name of ["from", "since", "until"]) {
		if (values[name] === undefined) continue;
		throw new Failure(`--${name}: the group says where its members begin`, EXIT.usage);
	}
	const [stream] = operands;
	if (partitions === undefined) return { group, making: {} };
	if (stream !== undefined) return { group, making: { stream, partitions } };
	throw new Failure("STREAM is missing: of what --partitions makes a group", EXIT.usage);
}

/** Prints the events of the member's partitions, until its signal aborts. */
export async function followGroup(
	{ group, making }: GroupAsked,
	{ url, headers = {}, fetch, onRetry, signal }: ReadOptions,
	printer: Printer,
): Promise<void> {
	const { readGroup } = await import("../../../feeds/groups/read-group.ts");
	const name = `varve follow ${process.pid}`;
	// What no program has taken, the next member prints again.
	const beforeCheckpoint = async () => {
		await printer.flushed();
		if (printer.signal.aborted) throw new Failure("nobody reads the lines");
	};
	const { nodeFetch } = await import("../../../feeds/node/index.ts");
	const address = { url, headers, fetch: fetch ?? nodeFetch, ...(onRetry ? { onRetry } : {}) };
	const until = signal ?? printer.signal;
	const options = { ...address, ...making, group, name, beforeCheckpoint, signal: until };
	for await (const event of readGroup(options)) await printer.print(readLine(event));
	await printer.flushed();
}
