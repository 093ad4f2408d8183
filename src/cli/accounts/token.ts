/** `varve token`: the tokens of machines. */
import type { Arguments, Values } from "../../options.ts";
import { Failure } from "../explain.ts";
import { answer, note, report } from "../output/standard.ts";
import { type Asked, membersIn, request } from "../reading/request.ts";
import { actionOf, CLIENT_OPTIONS, EXIT, optionalText, text, type Verb } from "../verb.ts";

export const token: Verb = {
	name: "token",
	summary: "List, make and revoke the tokens of machines",
	operands: ["list|show|create|rotate|revoke", "[NAME]"],
	purpose: `A token stands for a user, in programs that should not have the user's password, and for
		no more than its scope leaves of what the user may do. create makes one named NAME, and prints
		it: it is shown this once. list prints all that you may see, without their texts; show, rotate
		and revoke take the id that list prints. rotate makes a new text, and the old one ends at once.
		A program sends the token as Authorization: Bearer; varve itself takes it from VARVE_TOKEN.`,
	options: [
		...CLIENT_OPTIONS,
		{
			name: "for",
			flag: "for",
			kind: "text",
			default: undefined,
			placeholder: "LOGIN",
			perCall: true,
			help: "With create: the user it stands for. Only admins may name another than themselves.",
		},
		{
			name: "rights",
			flag: "rights",
			kind: "text",
			default: "read",
			placeholder: "read,write",
			perCall: true,
			help: "With create: whether it may read, write, or both.",
		},
		{
			name: "streams",
			flag: "streams",
			kind: "text",
			default: undefined,
			placeholder: "PREFIX,PREFIX",
			perCall: true,
			help: "With create: how the names of its streams begin. Default: all streams.",
		},
		{
			name: "consumerGroups",
			flag: "consumer-groups",
			kind: "text",
			default: undefined,
			placeholder: "NAME,NAME",
			perCall: true,
			help: "With create: its consumer groups. Default: all.",
		},
		{
			name: "expires",
			flag: "expires",
			kind: "text",
			default: "365d",
			placeholder: "DAYSd|TIME|never",
			perCall: true,
			help: "With create: when it ends, such as 90d or 2030-01-01T00:00:00Z.",
		},
	],
	examples: [
		"varve token create search --for search --streams order-,invoice- --expires 90d",
		"varve token list",
		"varve token revoke 3C5mBjJxY58e",
	],
	run,
};

type Action = (values: Values, operand: string) => Promise<void>;

const DAY_MS = 86_400_000;
const ACTIONS: ReadonlyMap<string, Action> = new Map([
	["list", list],
	["show", show],
	["create", create],
	["rotate", rotate],
	["revoke", revoke],
]);

async function run({ operands, values }: Arguments): Promise<number> {
	const [action = "", operand = ""] = operands;
	const act = actionOf(ACTIONS, action);
	if (act !== list && operand === "") {
		const what = act === create ? "NAME" : "ID";
		throw new Failure(`${what} is missing: varve token ${action} ${what}`, EXIT.usage);
	}
	await act(values, operand);
	return EXIT.done;
}

async function list(values: Values): Promise<void> {
	const tokens = await request(values, { method: "GET", path: "/tokens" }, (reply) => {
		const found = membersIn(reply)?.tokens;
		return Array.isArray(found) ? found : undefined;
	});
	for (const one of tokens) answer(`${JSON.stringify(one)}\n`);
}

async function show(values: Values, id: string): Promise<void> {
	answer(`${JSON.stringify(await ask(values, { method: "GET", path: pathOf(id) }))}\n`);
}

async function create(values: Values, name: string): Promise<void> {
	const body = {
		name,
		user: optionalText(values, "for"),
		rights: text(values, "rights").split(","),
		streams: optionalText(values, "streams")?.split(","),
		consumerGroups: optionalText(values, "consumerGroups")?.split(","),
		expires: expiryOf(text(values, "expires")),
	};
	tell(await ask(values, { method: "POST", path: "/tokens", body }));
}

async function rotate(values: Values, id: string): Promise<void> {
	tell(await ask(values, { method: "POST", path: `${pathOf(id)}/command/rotate` }));
}

async function revoke(values: Values, id: string): Promise<void> {
	await ask(values, { method: "DELETE", path: pathOf(id) });
	report(`token ${id} revoked\n`);
}

/** The token alone goes to standard output, so that a script can catch it. */
function tell({ token: made, id, expires }: Readonly<Record<string, unknown>>): void {
	note(`varve: token ${id}, until ${expires}; keep it now, as it is not shown again\n`);
	answer(`${made}\n`);
}

function ask(values: Values, asked: Asked): Promise<Readonly<Record<string, unknown>>> {
	return request(values, asked, membersIn);
}

function pathOf(id: string): string {
	return `/tokens/${encodeURIComponent(id)}`;
}

function expiryOf(given: string): string {
	const days = /^(\d{1,5})d$/.exec(given)?.[1];
	return days === undefined ? given : new Date(Date.now() + Number(days) * DAY_MS).toISOString();
}
