/** `varve hub`: the subscribers of the WebSub hub, for operators. */
import type { Arguments, Values } from "../../options.ts";
import { Failure } from "../explain.ts";
import { answer, report } from "../output/standard.ts";
import { membersIn, request } from "../reading/request.ts";
import { actionOf, CLIENT_OPTIONS, EXIT, optionalText, type Verb } from "../verb.ts";

export const hub: Verb = {
	name: "hub",
	summary: "List, look at and end the subscribers of the WebSub hub",
	operands: ["ACTION", "[ID]"],
	purpose: `The subscribers of feeds at the hub of a server with --hub. ACTION is list, show or end.
		list and show print lines of JSON: how a subscriber stands, its lease, its last attempts. end
		ends the subscriber with that ID: nothing more is sent to it, and its callback is told so. It
		may subscribe again, as long as it may read the stream.`,
	options: [
		...CLIENT_OPTIONS,
		{
			name: "reason",
			flag: "reason",
			kind: "text",
			default: undefined,
			placeholder: "TEXT",
			perCall: true,
			help: "With end: what the callback is told, in at most 200 characters.",
		},
	],
	examples: ["varve hub list", "varve hub show ID", "varve hub end ID --reason 'it is too slow'"],
	run,
};

type Action = (values: Values, id: string) => Promise<void>;

const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
	["show", async (values, id) => print(await get(values, pathOf(id)))],
	["end", end],
]);

async function run({ operands, values }: Arguments): Promise<number> {
	const [action = "", id = ""] = operands;
	if (action === "list") {
		await list(values);
		return EXIT.done;
	}
	const act = actionOf(ACTIONS, action, ["list"]);
	if (id === "") throw new Failure(`ID is missing: varve hub ${action} ID`, EXIT.usage);
	await act(values, id);
	return EXIT.done;
}

const LISTED = 1000;

async function list(values: Values): Promise<void> {
	for (let offset = 0; ; offset += LISTED) {
		const { subscribers, total } = await get(values, `/hub?offset=${offset}&count=${LISTED}`);
		for (const one of Array.isArray(subscribers) ? subscribers : []) print(one);
		if (typeof total !== "number" || offset + LISTED >= total) return;
	}
}

async function end(values: Values, id: string): Promise<void> {
	const reason = optionalText(values, "reason");
	const query = reason === undefined ? "" : `?reason=${encodeURIComponent(reason)}`;
	await request(values, { method: "DELETE", path: pathOf(id) + query }, membersIn);
	report(`subscriber ${id} ended\n`);
}

function pathOf(id: string): string {
	return `/hub/${encodeURIComponent(id)}`;
}

function get(values: Values, path: string): Promise<Record<string, unknown>> {
	return request(values, { method: "GET", path }, membersIn);
}

function print(value: unknown): void {
	answer(`${JSON.stringify(value)}\n`);
}
