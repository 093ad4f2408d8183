/** `varve projection` of those that a server keeps: list, make, change, run, stop, look. */
import { readFile } from "node:fs/promises";
import type { Answer } from "../../../feeds/exchange/exchange.ts";
import type { Arguments, Option, Values } from "../../options.ts";
import { Failure } from "../explain.ts";
import { answer, report } from "../output/standard.ts";
import { membersIn, request } from "../reading/request.ts";
import { actionOf, EXIT, optionalText, text } from "../verb.ts";

export const KEPT_OPTIONS: readonly Option[] = [
	{
		name: "mode",
		flag: "mode",
		kind: "text",
		default: "continuous",
		pattern: {
			test: /^(?:continuous|onetime|transient)$/,
			reason: "it must be continuous, onetime or transient",
		},
		perCall: true,
		help: "With create: kept up to date, run to the head once, or asked and forgotten.",
	},
	{
		name: "emit",
		flag: "emit",
		kind: "yes-no",
		default: false,
		perCall: true,
		help: "With create: the projection may write events.",
	},
	{
		name: "partition",
		flag: "partition",
		kind: "text",
		default: undefined,
		placeholder: "PARTITION",
		perCall: true,
		help: "With state and result: the partition. Default: the projection as a whole.",
	},
	{
		name: "asOf",
		flag: "as-of",
		kind: "text",
		default: undefined,
		placeholder: "MOMENT",
		perCall: true,
		help: "With state and result: a number in the partition's stream, @POSITION, or a time.",
	},
];

type Named = { readonly name: string; readonly path: string; readonly file: string | undefined };
type Action = (values: Values, named: Named) => Promise<void>;

const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
	["show", show],
	["create", create],
	["update", update],
	["enable", command("enable", "runs")],
	["disable", command("disable", "is stopped")],
	["reset", command("reset", "begins anew")],
	["delete", remove],
	["state", look("state")],
	["result", look("result")],
]);

/** @throws Failure */
export async function runKept({ operands, values }: Arguments): Promise<number> {
	const [action = "", name = "", file] = operands;
	if (action === "list") {
		await list(values);
		return EXIT.done;
	}
	const act = actionOf(ACTIONS, action, ["run", "list"]);
	if (name === "") {
		throw new Failure(`NAME is missing: varve projection ${action} NAME`, EXIT.usage);
	}
	await act(values, { name, path: `/projection/${encodeURIComponent(name)}`, file });
	return EXIT.done;
}

async function list(values: Values): Promise<void> {
	const found = await request(values, { method: "GET", path: "/projections/any" }, membersIn);
	const { projections } = found;
	for (const one of Array.isArray(projections) ? projections : []) {
		answer(`${JSON.stringify(one)}\n`);
	}
}

async function show(values: Values, { path }: Named): Promise<void> {
	const standing = await request(values, { method: "GET", path }, membersIn);
	const query = await request(values, { method: "GET", path: `${path}/query` }, scriptIn);
	answer(`${JSON.stringify({ ...standing, query })}\n`);
}

async function create(values: Values, { name, file }: Named): Promise<void> {
	const words = new URLSearchParams({ name, emit: values.emit === true ? "yes" : "no" });
	const path = `/projections/${text(values, "mode")}?${words}`;
	const script = await queryIn("create", name, file);
	await request(values, { method: "POST", path, script }, membersIn);
	report(`projection ${name} made\n`);
}

async function update(values: Values, { name, path, file }: Named): Promise<void> {
	const script = await queryIn("update", name, file);
	await request(values, { method: "PUT", path: `${path}/query`, script }, membersIn);
	report(`projection ${name} has another query\n`);
}

function command(word: string, said: string): Action {
	return async (values, { name, path }) => {
		const asked = { method: "POST", path: `${path}/command/${word}` } as const;
		const { message } = await request(values, asked, membersIn);
		report(`projection ${name}: ${typeof message === "string" ? message : said}\n`);
	};
}

async function remove(values: Values, { name, path }: Named): Promise<void> {
	const all = "deleteCheckpointStream=yes&deleteStateStream=yes";
	await request(values, { method: "DELETE", path: `${path}?${all}` }, membersIn);
	report(`projection ${name} deleted; what it has emitted stays\n`);
}

function look(part: "state" | "result"): Action {
	return async (values, { path }) => {
		const words = new URLSearchParams({ partition: optionalText(values, "partition") ?? "" });
		const moment = optionalText(values, "asOf");
		if (moment !== undefined) words.set("as-of", moment);
		const asked = { method: "GET", path: `${path}/${part}?${words}` } as const;
		const found = await request(values, asked, jsonIn);
		if (found === "") throw new Failure("there is no such partition, or it has nothing yet");
		answer(`${found}\n`);
	};
}

/** @throws Failure */
async function queryIn(action: string, name: string, file: string | undefined): Promise<string> {
	if (file === undefined) {
		const wanted = `varve projection ${action} ${name} FILE`;
		throw new Failure(`FILE is missing: ${wanted}; it holds the query`, EXIT.usage);
	}
	try {
		return await readFile(file, "utf8");
	} catch (error) {
		throw new Failure(`${file} cannot be read: ${(error as Error).message}`, EXIT.usage);
	}
}

function scriptIn({ status, headers, body = new Uint8Array(0) }: Answer): string | undefined {
	const isScript = headers.get("content-type")?.startsWith("application/javascript");
	return status === 200 && isScript ? Buffer.from(body).toString() : undefined;
}

function jsonIn({ status, headers, body = new Uint8Array(0) }: Answer): string | undefined {
	const isJson = headers.get("content-type")?.startsWith("application/json");
	return status === 200 && isJson ? Buffer.from(body).toString() : undefined;
}
