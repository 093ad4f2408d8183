/** `varve append`: one event. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import { parseUuid } from "../event.ts";
import type { Arguments, Values } from "../options.ts";
import { Failure } from "./explain.ts";
import {
	CLIENT_OPTIONS,
	credentials,
	EXIT,
	optionalText,
	streamOperand,
	text,
	type Verb,
} from "./verb.ts";

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

	const { mediaType, body } = await bodyOf(values, type, id);
	const response = await fetch(`${text(values, "url")}/streams/${encodeURIComponent(stream)}`, {
		method: "POST",
		redirect: "manual",
		headers: {
			...credentials(values),
			"Content-Type": mediaType,
			"ES-EventType": Buffer.from(type, "utf8").toString("latin1"),
			"ES-EventId": id,
			"ES-ExpectedVersion": expected,
		},
		body,
	});
	if (response.status !== 201)
		throw new Failure(await refusalText(response, stream, text(values, "expected")));
	process.stdout.write(`${JSON.stringify(placeOf(response, stream, id))}\n`);
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

/** The number for `ES-ExpectedVersion`. */
function parseExpected(word: string): string {
	if (word === "any") return "-2";
	if (word === "none") return "-1";
	if (word === "exists") return "-4";
	if (/^\d{1,15}$/.test(word)) return word;
	throw usage(`--expected-version ${word}: it must be a version from 0, any, none or exists`);
}

/** Data alone is the body. An event with metadata, or with no content, goes in a batch of one. */
async function bodyOf(values: Values, type: string, id: string) {
	const data = await contentOf(optionalText(values, "data"), "--data");
	const metadata = await contentOf(optionalText(values, "metadata"), "--metadata");
	if (values.raw) {
		if (metadata) throw usage("--raw data cannot have --metadata");
		return { mediaType: "application/octet-stream", body: data ?? Buffer.alloc(0) };
	}
	await checkJson(data, "--data", "; to send other bytes, add --raw");
	await checkJson(metadata, "--metadata", "");
	if (data && !metadata) return { mediaType: "application/json", body: data };
	const { encodeEventBatch } = await import("../../feeds/events/encode.ts");
	const body = encodeEventBatch([{ eventId: id, eventType: type, data, metadata }]);
	return { mediaType: "application/vnd.eventstore.events+json", body: Buffer.from(body) };
}

async function contentOf(given: string | undefined, flag: string): Promise<Buffer | undefined> {
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

function placeOf({ headers }: Response, stream: string, id: string) {
	const location = headers.get("location") ?? "";
	const position = headers.get("es-position");
	return {
		stream,
		version: Number(location.slice(location.lastIndexOf("/") + 1)),
		...(position === null ? {} : { position: Number(position) }),
		id,
		location,
		...(headers.get("varve-repeated") === "true" ? { repeated: true } : {}),
	};
}

async function refusalText(response: Response, stream: string, expected: string): Promise<string> {
	const current = response.headers.get("es-currentversion");
	if (current !== null) {
		const [state, right] =
			current === "-1" ? ["has no events", "none"] : [`is at ${current}`, current];
		const wrong = `wrong expected version ${expected}: ${stream} ${state}`;
		return `${wrong}; read it, decide again, and append with --expected-version ${right}`;
	}
	const body = await response.text();
	try {
		const { detail, title } = JSON.parse(body) as { detail?: unknown; title?: unknown };
		return `${response.status} ${String(detail ?? title ?? response.statusText)}`;
	} catch {
		return `${response.status} ${response.statusText} ${body.slice(0, 500)}`.trim();
	}
}
