/** `varve append`: one event. */

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import type { Appended, NewEvent } from "../../feeds/client/append.ts";
import type { Expected } from "../../feeds/client/options.ts";
import type { Retry } from "../../feeds/reader/options.ts";
import { WriteError } from "../../feeds/writing/error.ts";
import { parseUuid } from "../event.ts";
import type { Arguments, Values } from "../options.ts";
import { Failure } from "./explain.ts";
import { note, report } from "./output/standard.ts";
import { FirstAnswer } from "./reading/first-answer.ts";
import {
	CLIENT_OPTIONS,
	credentials,
	EXIT,
	optionalText,
	streamOperand,
	text,
	type Verb,
} from "./verb.ts";

/** Somebody waits for the command: a second or so of faults, then it says what is wrong. */
const RETRIES_MAX = 4;

export const append: Verb = {
	name: "append",
	summary: "Append one event to a stream",
	operands: ["STREAM"],
	purpose: `Appends one event, and prints its place as JSON once it is on disk. Sends the data byte
		for byte. With --expected-version, the server refuses the append and writes nothing if the
		stream has another version. With an --id of your own you can repeat the command: the second run
		gets the answer of the first.`,
	options: [
		...CLIENT_OPTIONS,
		{
			name: "type",
			flag: "type",
			kind: "text",
			default: undefined,
			placeholder: "TYPE",
			perCall: true,
			help: "The event's type, such as OrderPlaced. Required.",
		},
		{
			name: "data",
			flag: "data",
			kind: "text",
			default: undefined,
			placeholder: "JSON|@FILE|-",
			perCall: true,
			help: "The data: JSON, a file that holds it, or standard input. Default: none.",
		},
		{
			name: "metadata",
			flag: "metadata",
			kind: "text",
			default: undefined,
			placeholder: "JSON|@FILE",
			perCall: true,
			help: 'The metadata, an object in JSON, such as {"$correlationId":"…"}. Default: none.',
		},
		{
			name: "raw",
			flag: "raw",
			kind: "yes-no",
			default: false,
			perCall: true,
			help: "The data is not JSON, but any bytes.",
		},
		{
			name: "id",
			flag: "id",
			kind: "text",
			default: undefined,
			placeholder: "UUID",
			perCall: true,
			help: "The event's id. Default: a random one.",
		},
		{
			name: "expected",
			flag: "expected-version",
			kind: "text",
			default: "any",
			placeholder: "N|any|none|exists",
			perCall: true,
			help: "What the stream must be: at version N, anything, without events, or with some events.",
		},
	],
	examples: [
		`varve append order-42 --type OrderPlaced --data '{"total":1.10}'`,
		"varve append order-42 --type OrderPaid --data @payment.json --expected-version 0",
		"varve append scans --type Scan --raw --data - < scan.png",
	],
	run,
};

async function run({ operands, values }: Arguments): Promise<number> {
	const stream = streamOperand(operands, "append to");
	const type = optionalText(values, "type");
	if (type === undefined)
		throw usage("--type is missing: name the event's type, such as --type OrderPlaced");
	const id = parseId(optionalText(values, "id"));
	const expected = parseExpected(text(values, "expected"));

	const event = { id, type, ...(await contentOf(values)) };
	const reasons: string[] = [];
	const address = {
		url: text(values, "url"),
		stream,
		headers: credentials(values),
		retriesMax: RETRIES_MAX,
		fetch: new FirstAnswer(text(values, "url"), false).fetch,
		onRetry: (retry: Retry) => {
			reasons.push(retry.reason);
			sayIfLong(retry);
		},
	};
	const client = await import("../../feeds/client/append.ts");
	try {
		const appended = await client.append(address, event, { expected });
		report(`${JSON.stringify(placeOf(appended, stream, id))}\n`);
		if (appended.ignored !== undefined)
			note(`varve: the server ignores a part of it: ${appended.ignored}\n`);
	} catch (error) {
		throw explained(error, { stream, id, expected: text(values, "expected"), reasons });
	}
	return EXIT.done;
}

function usage(message: string): Failure {
	return new Failure(message, EXIT.usage);
}

function parseId(given: string | undefined): string {
	const id = given === undefined ? randomUUID() : parseUuid(given);
	if (id === undefined)
		throw usage(`--id ${given}: it is not a UUID; without --id, varve makes one`);
	return id;
}

/** @throws Failure */
export function parseExpected(word: string): Expected {
	if (word === "any" || word === "none" || word === "exists") return word;
	if (/^\d{1,15}$/.test(word)) return Number(word);
	throw usage(`--expected-version ${word}: it must be a version from 0, any, none or exists`);
}

async function contentOf(values: Values): Promise<Pick<NewEvent, "data" | "metadata" | "isJson">> {
	const data = await bytesOf(optionalText(values, "data"), "--data");
	const metadata = await bytesOf(optionalText(values, "metadata"), "--metadata");
	if (values.raw) {
		if (metadata) throw usage("--raw data cannot have --metadata");
		return { data: data ?? Buffer.alloc(0), isJson: false };
	}
	await checkJson(data, "--data", "; to send other bytes, add --raw");
	await checkJson(metadata, "--metadata", "");
	return { data, metadata };
}

async function bytesOf(given: string | undefined, flag: string): Promise<Buffer | undefined> {
	if (given === undefined) return undefined;
	if (given === "-") return await buffer(process.stdin);
	if (!given.startsWith("@")) return Buffer.from(given);
	if (given === "@") throw usage(`${flag} @: the name of the file is missing`);
	return readFileSync(given.slice(1));
}

async function checkJson(bytes: Buffer | undefined, flag: string, hint: string): Promise<void> {
	if (!bytes) return;
	const { findJsonFault } = await import("../../feeds/json/fault.ts");
	const fault = findJsonFault(bytes.toString("latin1"));
	if (!fault) return;
	// Without single quotes, a shell takes the double quotes away: {"a":1} arrives as {a:1}.
	const example = `write ${flag} '{"total":1}', in single quotes`;
	throw usage(`${flag} is not JSON: ${fault.reason} (byte ${fault.at}); ${example}${hint}`);
}

function placeOf(appended: Appended, stream: string, id: string) {
	const { version, position, location, repeated } = appended;
	return {
		stream,
		version,
		...(position === undefined ? {} : { position }),
		id,
		location,
		...(repeated ? { repeated } : {}),
	};
}

/** The first waits are short; whoever waits for longer is told why. */
function sayIfLong({ reason, delayMs }: Retry): void {
	if (delayMs < 1000) return;
	note(`varve: ${reason}; trying again in ${Math.ceil(delayMs / 1000)} s\n`);
}

type Attempt = {
	readonly stream: string;
	readonly id: string;
	readonly expected: string;
	/** Why it was sent again, each time. */
	readonly reasons: readonly string[];
};

function explained(error: unknown, { stream, id, expected, reasons }: Attempt): unknown {
	if (!(error instanceof WriteError)) return error;
	const { current, failure } = error;
	if (current !== undefined) return new Failure(conflict(stream, expected, current));
	// If there never was a connection, nothing was sent.
	const isUnsent = reasons.every((reason) => reason.includes("ECONNREFUSED"));
	if (failure !== "unanswered" || (isUnsent && error.cause !== undefined)) return error;
	return new Failure(`${error.message}; to learn what became of the event, repeat with --id ${id}`);
}

function conflict(stream: string, expected: string, current: number): string {
	const [state, right] = current === -1 ? ["has no events", "none"] : [`is at ${current}`, current];
	return (
		`wrong expected version ${expected}: ${stream} ${state}; read it, decide again, ` +
		`and append with --expected-version ${right}`
	);
}
