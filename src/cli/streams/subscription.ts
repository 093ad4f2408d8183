/** `varve subscription`: what the server remembers for competing consumers. */
import type { Answer } from "../../../feeds/exchange/exchange.ts";
import type { Arguments, Values } from "../../options.ts";
import { Failure } from "../explain.ts";
import { answer, report } from "../output/standard.ts";
import { membersIn, request } from "../reading/request.ts";
import { settingsOf } from "../reading/settings.ts";
import {
	actionOf,
	CLIENT_OPTIONS,
	EXIT,
	optionalNumber,
	optionalText,
	type Verb,
} from "../verb.ts";
import { START_OPTION, shownStart, startIn } from "./start.ts";

const EXAMPLE = '{"maxRetryCount":3}';

export const subscription: Verb = {
	name: "subscription",
	summary: "Make and change subscriptions, and mind what they parked",
	operands: [
		"list|show|create|update|reset|delete|parked|replay|discard|restart",
		"[STREAM]",
		"[GROUP]",
	],
	purpose: `A subscription hands out the events of STREAM to the consumers of GROUP, each to one of
		them, and remembers what they have handled. list prints a line of JSON for each subscription,
		of STREAM if it is named; show prints one with its settings and its numbers. parked prints a
		line for each parked message, the oldest first. reset has it go on at another number, also one
		that it has passed. replay delivers parked messages again.
		discard takes them away for good: those with --numbers, those before --stop-at, or --all.
		restart has the server load all subscriptions anew, from their checkpoints.`,
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
			help: "With replay and discard: the first parked message that stays parked.",
		},
		{
			name: "numbers",
			flag: "numbers",
			kind: "text",
			default: undefined,
			placeholder: "N,N",
			perCall: true,
			help: "With discard: the numbers of parked messages, as parked prints them.",
		},
		{
			name: "all",
			flag: "all",
			kind: "yes-no",
			default: false,
			perCall: true,
			help: "With discard: all parked messages. You cannot undo it.",
		},
		START_OPTION,
	],
	examples: [
		"varve subscription create order-42 billing",
		`varve subscription create '$ce-order' billing --settings '{"resolveLinktos":true}'`,
		"varve subscription reset order-42 billing --from beginning",
		"varve subscription list",
		"varve subscription replay order-42 billing",
		"varve subscription discard order-42 billing --numbers 3,5",
	],
	run,
};

const PARKED_PAGE = 1000;

type Named = { readonly path: string; readonly shown: string };
type Action = (values: Values, named: Named) => Promise<void>;

const ACTIONS: ReadonlyMap<string, Action> = new Map([
	["show", show],
	["create", create],
	["update", update],
	["reset", reset],
	["delete", remove],
	["parked", parked],
	["replay", replay],
	["discard", discard],
]);

async function run({ operands, values }: Arguments): Promise<number> {
	const [action = "", stream = "", group = ""] = operands;
	if (action === "list") {
		await list(values, stream);
		return EXIT.done;
	}
	if (action === "restart") {
		await restart(values, stream);
		return EXIT.done;
	}
	const act = actionOf(ACTIONS, action, ["list", "restart"]);
	if (stream === "" || group === "") {
		const wanted = `varve subscription ${action} STREAM GROUP`;
		const hint = "in a shell, put a name with $ in single quotes: '$all'";
		throw new Failure(`STREAM or GROUP is missing: ${wanted}; ${hint}`, EXIT.usage);
	}
	const path = `/subscriptions/${encodeURIComponent(stream)}/${encodeURIComponent(group)}`;
	await act(values, { path, shown: `${group} of ${stream}` });
	return EXIT.done;
}

async function list(values: Values, stream: string): Promise<void> {
	const path = stream === "" ? "/subscriptions" : `/subscriptions/${encodeURIComponent(stream)}`;
	for (const one of await request(values, { method: "GET", path }, listIn))
		answer(`${JSON.stringify(one)}\n`);
}

async function show(values: Values, { path }: Named): Promise<void> {
	const found = await request(values, { method: "GET", path: `${path}/info` }, membersIn);
	answer(`${JSON.stringify(found)}\n`);
}

async function create(values: Values, { path, shown }: Named): Promise<void> {
	await request(values, { method: "PUT", path, body: settingsOf(values, EXAMPLE) }, membersIn);
	report(`subscription ${shown} made\n`);
}

async function update(values: Values, { path, shown }: Named): Promise<void> {
	await request(values, { method: "POST", path, body: settingsOf(values, EXAMPLE) }, membersIn);
	report(`subscription ${shown} changed\n`);
}

async function reset(values: Values, { path, shown }: Named): Promise<void> {
	const body = { startFrom: startIn(values) };
	await request(values, { method: "POST", path: `${path}/reset`, body }, membersIn);
	report(`subscription ${shown} goes on ${shownStart(body.startFrom)}\n`);
}

async function remove(values: Values, { path, shown }: Named): Promise<void> {
	await request(values, { method: "DELETE", path }, membersIn);
	report(`subscription ${shown} deleted\n`);
}

async function replay(values: Values, { path, shown }: Named): Promise<void> {
	const stopAt = optionalNumber(values, "stopAt");
	const query = stopAt === undefined ? "" : `?stopAt=${stopAt}`;
	await request(values, { method: "POST", path: `${path}/replayParked${query}` }, membersIn);
	report(`parked messages of ${shown} are delivered again\n`);
}

/** As many pages as there are. */
async function parked(values: Values, { path }: Named): Promise<void> {
	for (let from = 0; ; ) {
		const page = `${path}/parked?from=${from}&count=${PARKED_PAGE}`;
		const list = await request(values, { method: "GET", path: page }, listIn);
		for (const one of list) answer(`${JSON.stringify(one)}\n`);
		const { number } = (list.at(-1) ?? {}) as { number?: unknown };
		if (list.length < PARKED_PAGE || typeof number !== "number") return;
		from = number + 1;
	}
}

async function discard(values: Values, { path, shown }: Named): Promise<void> {
	const asked = `${path}/parked${discardingOf(values)}`;
	const { discarded } = await request(values, { method: "DELETE", path: asked }, membersIn);
	report(`${discarded} parked messages of ${shown} discarded\n`);
}

/** @throws Failure unless exactly one of the options says what to discard */
function discardingOf(values: Values): string {
	const numbers = optionalText(values, "numbers");
	const stopAt = optionalNumber(values, "stopAt");
	const queries = [
		...(numbers === undefined ? [] : [`?numbers=${encodeURIComponent(numbers)}`]),
		...(stopAt === undefined ? [] : [`?stopAt=${stopAt}`]),
		...(values.all === true ? [""] : []),
	];
	const [query] = queries;
	if (query !== undefined && queries.length === 1) return query;
	throw new Failure("discard takes one of --numbers, --stop-at and --all", EXIT.usage);
}

async function restart(values: Values, stream: string): Promise<void> {
	if (stream !== "") throw new Failure("restart is of all subscriptions: name none", EXIT.usage);
	const read = ({ body = new Uint8Array(0) }: Answer) => Buffer.from(body).toString();
	await request(values, { method: "POST", path: "/subscriptions/restart" }, read);
	report("all subscriptions are loaded anew\n");
}

function listIn({ headers, body = new Uint8Array(0) }: Answer): unknown[] | undefined {
	if (!headers.get("content-type")?.startsWith("application/json")) return undefined;
	const list: unknown = JSON.parse(Buffer.from(body).toString());
	return Array.isArray(list) ? list : undefined;
}
