/** `varve group`: groups that share a stream by partitions. */
import type { Arguments, Values } from "../../options.ts";
import { Failure } from "../explain.ts";
import { answer, report } from "../output/standard.ts";
import { membersIn, request } from "../reading/request.ts";
import { settingsOf } from "../reading/settings.ts";
import { actionOf, CLIENT_OPTIONS, EXIT, optionalNumber, type Verb } from "../verb.ts";
import { START_OPTION, shownStart, startIn } from "./start.ts";

export const group: Verb = {
	name: "group",
	summary: "List, make, change, set back and delete groups with partitions",
	operands: ["list|show|create|update|reset|delete", "[GROUP]", "[STREAM]"],
	purpose: `A group divides STREAM into partitions by a key, and shares them among its members: each
		program that runs varve follow --group, or readGroup of the library. list prints a line of JSON
		for each group, with how far it is behind; show prints one with its members and its partitions.
		With another number of partitions, update begins a new division once everything before is
		handled. reset has the group go on at another number, also one that it has passed: its members
		keep their partitions, and what they say of the place before counts no more.`,
	options: [
		...CLIENT_OPTIONS,
		{
			name: "partitions",
			flag: "partitions",
			kind: "whole-number",
			default: undefined,
			min: 1,
			max: 1024,
			perCall: true,
			help: "With create and update: how many partitions.",
		},
		{
			name: "settings",
			flag: "settings",
			kind: "text",
			default: undefined,
			placeholder: "JSON",
			perCall: true,
			help: 'With create and update: further settings, such as {"key":"$.customer.id"}.',
		},
		START_OPTION,
	],
	examples: [
		"varve group create billing '$ce-order' --partitions 50",
		"varve group update billing '$ce-order' --partitions 100",
		"varve group reset billing --from beginning",
		"varve group list",
		"varve group show billing | jq .members",
	],
	run,
};

/** A part of a list has at most so many. */
const LISTED = 1000;

type Call = {
	readonly values: Values;
	readonly name: string;
	readonly stream: string;
	readonly path: string;
};
type Action = (call: Call) => Promise<void>;

const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
	["show", show],
	["create", (call) => define(call, "create")],
	["update", (call) => define(call, "update")],
	["reset", reset],
	["delete", remove],
]);

async function run({ operands, values }: Arguments): Promise<number> {
	const [action = "", name = "", stream = ""] = operands;
	if (action === "list") {
		await list(values, "groups");
		return EXIT.done;
	}
	const act = actionOf(ACTIONS, action, ["list"]);
	if (name === "") throw new Failure(`GROUP is missing: varve group ${action} GROUP`, EXIT.usage);
	await act({ values, name, stream, path: `/groups/${encodeURIComponent(name)}` });
	return EXIT.done;
}

/** Prints a line for each member of a list of the API. */
export async function list(values: Values, what: "groups" | "positions"): Promise<void> {
	for (let offset = 0; ; offset += LISTED) {
		const path = `/${what}?offset=${offset}&count=${LISTED}`;
		const { [what]: part, total } = await request(values, { method: "GET", path }, membersIn);
		for (const one of Array.isArray(part) ? part : []) answer(`${JSON.stringify(one)}\n`);
		if (typeof total !== "number" || offset + LISTED >= total) return;
	}
}

async function show({ values, path }: Call): Promise<void> {
	const found = await request(values, { method: "GET", path }, membersIn);
	answer(`${JSON.stringify(found)}\n`);
}

async function remove({ values, name, path }: Call): Promise<void> {
	await request(values, { method: "DELETE", path }, ({ status }) => status === 204 || undefined);
	report(`group ${name} deleted\n`);
}

async function reset({ values, name, path }: Call): Promise<void> {
	const body = { startFrom: startIn(values) };
	await request(values, { method: "POST", path: `${path}/reset`, body }, membersIn);
	report(`group ${name} goes on ${shownStart(body.startFrom)}\n`);
}

async function define(
	{ values, name, stream, path }: Call,
	action: "create" | "update",
): Promise<void> {
	const partitions = optionalNumber(values, "partitions");
	if (stream === "" || partitions === undefined) {
		const wanted = `varve group ${action} GROUP STREAM --partitions 50`;
		const hint = "in a shell, put a name with $ in single quotes: '$all'";
		throw new Failure(`STREAM or --partitions is missing: ${wanted}; ${hint}`, EXIT.usage);
	}
	const body = { ...settingsOf(values, '{"key":"$.id"}'), stream, partitions };
	const condition = action === "create" ? { "if-none-match": "*" } : { "if-match": "*" };
	await request(values, { method: "PUT", path, body, headers: condition }, membersIn);
	report(`group ${name} ${action === "create" ? "made" : "changed"}\n`);
}
