/** New passwords: from a file, from a terminal that does not show them, or made here. */
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { newPassword } from "../../accounts/users/first-start.ts";
import { type Option, readSmallFile, type Values } from "../../options.ts";
import { Failure } from "../explain.ts";
import { note } from "../output/standard.ts";
import { EXIT, optionalText } from "../verb.ts";

export const PASSWORD_OPTIONS: readonly Option[] = [
	{
		name: "passwordFile",
		flag: "password-file",
		kind: "text",
		default: undefined,
		placeholder: "FILE",
		perCall: true,
		help: "File with the new password; - is standard input. Default: ask on the terminal.",
	},
	{
		name: "generate",
		flag: "generate",
		kind: "yes-no",
		default: false,
		perCall: true,
		help: "Make a password, and print it.",
	},
];

export type ChosenPassword = {
	readonly password: string;
	/** True if nobody knows it yet. */
	readonly isMade: boolean;
};

const BYTES_MAX = 4096;

/** @throws Failure */
export async function choosePassword(values: Values): Promise<ChosenPassword> {
	const file = optionalText(values, "passwordFile");
	if (values.generate === true) {
		if (file === undefined) return { password: newPassword(), isMade: true };
		throw new Failure("--generate and --password-file: leave one out", EXIT.usage);
	}
	if (file !== undefined) return { password: await passwordIn(file), isMade: false };
	if (!process.stdin.isTTY) {
		throw new Failure(
			"there is no terminal to ask for the password on: pass --password-file, or --generate",
			EXIT.usage,
		);
	}
	return { password: await askTwice(), isMade: false };
}

async function passwordIn(file: string): Promise<string> {
	if (file !== "-") return readSmallFile(file, BYTES_MAX).replace(/\r?\n$/, "");
	for await (const line of createInterface({ input: process.stdin })) return line;
	throw new Failure("standard input has no password", EXIT.usage);
}

async function askTwice(): Promise<string> {
	const password = await askSecretly("New password: ");
	if (password === (await askSecretly("Once more: "))) return password;
	throw new Failure("the two passwords differ; nothing was changed");
}

/** The terminal shows nothing of what is typed. */
async function askSecretly(question: string): Promise<string> {
	note(question);
	const output = new Writable({ write: (_chunk, _encoding, done) => done() });
	const lines = createInterface({ input: process.stdin, output, terminal: true });
	try {
		return await new Promise((resolve, reject) => {
			lines.once("line", resolve);
			lines.once("SIGINT", () => reject(new Failure("interrupted", EXIT.interrupted)));
			lines.once("close", () => reject(new Failure("no password was typed")));
		});
	} finally {
		lines.close();
		note("\n");
	}
}
