/** `varve webhook`: what the server sends to targets by itself. */
import type { Arguments, Values } from "../../options.ts";
import { Failure } from "../explain.ts";
import { answer, note, report } from "../output/standard.ts";
import { membersIn, request } from "../reading/request.ts";
import { settingsOf } from "../reading/settings.ts";
import { actionOf, CLIENT_OPTIONS, EXIT, optionalNumber, type Verb } from "../verb.ts";

const EXAMPLE = '{"format":"json"}';

export const webhook: Verb = {
	name: "webhook",
	summary: "List, make, test, pause and mend webhooks",
	operands: ["ACTION", "[NAME]", "[STREAM]", "[URL]"],
	purpose: `A webhook sends the events of STREAM to URL. ACTION is list, show, create,
		update, delete, pause, resume, test, rotate, attempts, parked, replay or discard. create prints
		the secret, which nobody can see again; rotate makes another one. list, show, attempts and
		parked print lines of JSON. test sends a message of no event, and fails if the target does not
		take it. replay sends parked messages again, and discard gives them up.`,
	options: [
		...CLIENT_OPTIONS,
		{
			name: "settings",
			flag: "settings",
			kind: "text",
			default: undefined,
			placeholder: "JSON",
			perCall: true,
			help: `With create and update: the settings, such as ${EXAMPLE}. Others have defaults.`,
		},
		{
			name: "stopAt",
			flag: "stop-at",
			kind: "whole-number",
			default: undefined,
			min: 0,
			max: Number.MAX_SAFE_INTEGER,
			placeholder: "NUMBER",
			perCall: true,
			help: "With replay and discard: the first parked message that stays parked. Default: none stays.",
		},
		{
			name: "keepSeconds",
			flag: "keep-seconds",
			kind: "whole-number",
			default: undefined,
			min: 0,
			max: 30 * 24 * 60 * 60,
			placeholder: "SECONDS",
			perCall: true,
			help: "With rotate: for how long the secret of before signs, too. Default: a day.",
		},
	],
	examples: [
		"varve webhook create orders '$ce-order' https://example.org/hook",
		`varve webhook create all '$all' https://example.org/hook --settings '{"payload":"full"}'`,
		"varve webhook test orders",
		"varve webhook attempts orders",
		"varve webhook replay orders",
	],
	run,
};

type Call = {
	readonly values: Values;
	readonly name: string;
	readonly path: string;
	readonly stream: string;
	readonly target: string;
};
type Action = (call: Call) => Promise<void>;

const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
	["show", async ({ values, path }) => print(await get(values, path))],
	["create", create],
	["update", update],
	["delete", remove],
	["test", test],
	["pause", (call) => command(call, "pause", "is paused")],
	["resume", (call) => command(call, "resume", "goes on")],
	["rotate", rotate],
	["attempts", attempts],
	["parked", parked],
	["replay", (call) => command(call, "replay-parked", "sends parked messages again")],
	["discard", (call) => command(call, "discard-parked", "has given parked messages up")],
]);

async function run({ operands, values }: Arguments): Promise<number> {
	const [action = "", name = "", stream = "", target = ""] = operands;
	if (action === "list") {
		await list(values);
		return EXIT.done;
	}
	const act = actionOf(ACTIONS, action, ["list"]);
	if (name === "") throw new Failure(`NAME is missing: varve webhook ${action} NAME`, EXIT.usage);
	await act({ values, name, stream, target, path: `/webhooks/${encodeURIComponent(name)}` });
	return EXIT.done;
}

const LISTED = 1000;

async function list(values: Values): Promise<void> {
	for (let offset = 0; ; offset += LISTED) {
		const { webhooks, total } = await get(values, `/webhooks?offset=${offset}&count=${LISTED}`);
		for (const one of Array.isArray(webhooks) ? webhooks : []) print(one);
		if (typeof total !== "number" || offset + LISTED >= total) return;
	}
}

async function attempts({ values, path }: Call): Promise<void> {
	const { attempts: found } = await get(values, `${path}/attempts`);
	for (const one of Array.isArray(found) ? found : []) print(one);
}

/** As many pages as there are. */
async function parked({ values, path }: Call): Promise<void> {
	for (let from = 0; ; ) {
		const { parked: found } = await get(values, `${path}/parked?from=${from}&count=${LISTED}`);
		const list: unknown[] = Array.isArray(found) ? found : [];
		for (const one of list) print(one);
		const { number } = (list.at(-1) ?? {}) as { number?: unknown };
		if (list.length < LISTED || typeof number !== "number") return;
		from = number + 1;
	}
}

async function create({ values, name, path, stream, target }: Call): Promise<void> {
	if (stream === "" || target === "") {
		const hint = "in a shell, put a name with $ in single quotes: '$all'";
		const wanted = "varve webhook create NAME STREAM URL";
		throw new Failure(`STREAM or URL is missing: ${wanted}; ${hint}`, EXIT.usage);
	}
	const body = { ...settingsOf(values, EXAMPLE), stream, url: target };
	const made = await request(values, { method: "PUT", path, body }, membersIn);
	note(`webhook ${name} ${made.secret === undefined ? "changed" : "made"}\n`);
	if (typeof made.secret === "string") answer(`${made.secret}\n`);
}

/** Settings that are not named stay as they are. */
async function update({ values, name, path }: Call): Promise<void> {
	const known = await get(values, path);
	const kept = Object.fromEntries(SETTINGS.map((setting) => [setting, known[setting]]));
	const body = { ...kept, ...settingsOf(values, EXAMPLE) };
	await request(values, { method: "PUT", path, body }, membersIn);
	report(`webhook ${name} changed\n`);
}

const SETTINGS = [
	...["url", "stream", "start", "filter", "format", "payload", "payloadBytesMax", "batchMax"],
	...["order", "concurrency", "ratePerSecond", "timeoutMs", "tries", "backoffMs", "backoffMsMax"],
	...["resolveLinktos", "description"],
];

async function remove({ values, name, path }: Call): Promise<void> {
	await request(values, { method: "DELETE", path }, membersIn);
	report(`webhook ${name} deleted\n`);
}

/** @throws Failure if the target did not take it */
async function test({ values, path }: Call): Promise<void> {
	const asked = { method: "POST", path: `${path}/command/test` } as const;
	const tested = await request(values, asked, membersIn);
	print(tested);
	if (tested.outcome !== "delivered") throw new Failure(`not delivered: ${tested.reason}`);
}

async function command({ values, name, path }: Call, word: string, told: string): Promise<void> {
	const stopAt = word.endsWith("-parked") ? optionalNumber(values, "stopAt") : undefined;
	const query = stopAt === undefined ? "" : `?stopAt=${stopAt}`;
	const asked = { method: "POST", path: `${path}/command/${word}${query}` } as const;
	await request(values, asked, membersIn);
	report(`webhook ${name} ${told}\n`);
}

async function rotate({ values, name, path }: Call): Promise<void> {
	const keepSeconds = optionalNumber(values, "keepSeconds");
	const asked = {
		method: "POST",
		path: `${path}/command/rotate-secret`,
		body: keepSeconds === undefined ? {} : { keepSeconds },
	} as const;
	const { secret } = await request(values, asked, membersIn);
	note(`webhook ${name} has another secret\n`);
	answer(`${secret}\n`);
}

function get(values: Values, path: string): Promise<Record<string, unknown>> {
	return request(values, { method: "GET", path }, membersIn);
}

function print(value: unknown): void {
	answer(`${JSON.stringify(value)}\n`);
}
