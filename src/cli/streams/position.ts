/** `varve position`: where readers are that let the server keep it. */
import type { Arguments, Values } from "../../options.ts";
import { Failure } from "../explain.ts";
import { answer, report } from "../output/standard.ts";
import { membersIn, request } from "../reading/request.ts";
import { actionOf, CLIENT_OPTIONS, EXIT, type Verb } from "../verb.ts";
import { list } from "./group.ts";

export const position: Verb = {
	name: "position",
	summary: "List, show and delete positions of readers",
	operands: ["list|show|delete", "[NAME]"],
	purpose: `A reader may keep its position at the server, under a name: varve follow --position
		does. list prints a line of JSON for each, with how far it is behind, in events and in
		seconds.`,
	options: CLIENT_OPTIONS,
	examples: [
		"varve position list",
		"varve position list | jq 'select(.lagSeconds > 60)'",
		"varve position delete search-index",
	],
	run,
};

type Call = { readonly values: Values; readonly name: string; readonly path: string };
type Action = (call: Call) => Promise<void>;

const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
	["show", show],
	["delete", remove],
]);

async function run({ operands, values }: Arguments): Promise<number> {
	const [action = "", name = ""] = operands;
	if (action === "list") {
		await list(values, "positions");
		return EXIT.done;
	}
	const act = actionOf(ACTIONS, action, ["list"]);
	if (name === "") throw new Failure(`NAME is missing: varve position ${action} NAME`, EXIT.usage);
	await act({ values, name, path: `/positions/${encodeURIComponent(name)}` });
	return EXIT.done;
}

async function show({ values, path }: Call): Promise<void> {
	const found = await request(values, { method: "GET", path }, membersIn);
	answer(`${JSON.stringify(found)}\n`);
}

async function remove({ values, name, path }: Call): Promise<void> {
	await request(values, { method: "DELETE", path }, ({ status }) => status === 204 || undefined);
	report(`position ${name} deleted\n`);
}
