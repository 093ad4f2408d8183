/** `varve delete`: hides a stream until the next append to it, or ends it for ever. */

import { createInterface } from "node:readline/promises";
import { WriteError } from "../../../feeds/writing/error.ts";
import type { Arguments, Values } from "../../options.ts";
import { parseExpected } from "../append.ts";
import { Failure } from "../explain.ts";
import { note, report } from "../output/standard.ts";
import { refuseMissing } from "../read.ts";
import { FirstAnswer } from "../reading/first-answer.ts";
import { CLIENT_OPTIONS, credentials, EXIT, streamOperand, text, type Verb } from "../verb.ts";

/** Somebody waits for the command: a second or so of faults, then it says what is wrong. */
const RETRIES_MAX = 4;

export const deleteVerb: Verb = {
	name: "delete",
	summary: "Delete a stream: until the next append, or for ever",
	operands: ["STREAM"],
	purpose: `Hides the events of a stream. The next append brings the stream back, with new events
		only; its versions continue. With --hard the stream ends for ever: nobody can append to it
		again. Then the command asks for the stream's name on standard input, unless you pass
		--yes. Neither erases anything from the disk; a later varve scavenge does. With
		--expected-version, the server refuses the delete if the stream has another version. The command
		fails if there is nothing to hide.`,
	options: [
		...CLIENT_OPTIONS,
		{
			name: "hard",
			flag: "hard",
			kind: "yes-no",
			default: false,
			perCall: true,
			help: "Delete the stream for ever. You cannot undo it.",
		},
		{
			name: "yes",
			flag: "yes",
			kind: "yes-no",
			default: false,
			perCall: true,
			help: "With --hard: do not ask for the stream's name.",
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
		"varve delete order-42",
		"varve delete order-42 --expected-version 7",
		"varve delete order-42 --hard",
	],
	run,
};

async function run({ operands, values }: Arguments): Promise<number> {
	const stream = streamOperand(operands, "delete");
	const expected = parseExpected(text(values, "expected"));
	const forEver = values.hard === true;
	const { fetch, onRetry } = new FirstAnswer(text(values, "url"), false);
	const address = {
		url: text(values, "url"),
		stream,
		headers: credentials(values),
		retriesMax: RETRIES_MAX,
		fetch,
		onRetry,
	};
	// A mistyped name would be hidden, and the right one stay. A hard delete may follow a soft one.
	if (forEver) await confirm(stream, values);
	else await refuseMissing(address);

	const { deleteStream } = await import("../../../feeds/client/delete.ts");
	try {
		await deleteStream(address, { expected, forEver });
	} catch (error) {
		throw explained(error, stream, text(values, "expected"));
	}
	report(`${stream} deleted${forEver ? " for ever" : ""}\n`);
	return EXIT.done;
}

/** @throws Failure unless the same name is typed */
async function confirm(stream: string, values: Values): Promise<void> {
	if (values.yes) return;
	const typed = await ask(
		`This ends ${stream} for ever; nobody can append to it again. ` +
			"Type the stream's name to delete it: ",
	);
	if (typed === stream) return;
	const what = typed === undefined ? "no name was typed" : `'${typed}' is not '${stream}'`;
	throw new Failure(`${what}; nothing was deleted; without a terminal, pass --yes`);
}

/** The first line of standard input; undefined if it ends before. */
async function ask(question: string): Promise<string | undefined> {
	note(process.stdin.isTTY ? question : `${question.trimEnd()}\n`);
	const lines = createInterface({ input: process.stdin });
	for await (const line of lines) return line;
	return undefined;
}

function explained(error: unknown, stream: string, expected: string): unknown {
	if (!(error instanceof WriteError) || error.current === undefined) return error;
	const state = error.current === -1 ? "has no events" : `is at ${error.current}`;
	return new Failure(`wrong expected version ${expected}: ${stream} ${state}; nothing was deleted`);
}
