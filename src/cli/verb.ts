/**
 * A verb of the command line. Its file defines its options and its help; `main.ts` parses and
 * dispatches, `help.ts` prints. A verb loads heavy modules only when it runs.
 */
import type { Arguments, Option, Values } from "../options.ts";
import { Failure } from "./explain.ts";

export type Verb = {
	readonly name: string;
	/** One line, for the list of verbs. */
	readonly summary: string;
	/** Operands in order; one in brackets may be left out: `STREAM`, `[FILE]`. */
	readonly operands: readonly string[];
	/** A few sentences that say what the verb does and promises. */
	readonly purpose: string;
	readonly options: readonly Option[];
	readonly examples: readonly string[];
	/** True if `run` takes the signals that came before it: see `signals.ts`. */
	readonly keepsSignals?: boolean;
	/** Returns the exit code. */
	run(call: Arguments): Promise<number>;
};

/**
 * Exit codes: done, failed, wrong command line, interrupted (128 + SIGINT, as in shells).
 */
export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Options of every verb that talks to a server. */
export const CLIENT_OPTIONS: readonly Option[] = [
	{
		name: "url",
		flag: "url",
		kind: "url",
		default: "http://127.0.0.1:2113",
		help: "The server.",
	},
	{
		name: "ca",
		flag: "ca",
		kind: "text",
		default: undefined,
		placeholder: "FILE",
		help: "Authority of the server's certificate, in PEM, if this machine does not know it.",
	},
	{
		name: "user",
		flag: "user",
		kind: "text",
		default: undefined,
		placeholder: "NAME:PASSWORD",
		shown: () => "***",
		help: "Credentials, sent as Basic.",
	},
	{
		name: "token",
		flag: "token",
		kind: "text",
		default: undefined,
		isOffCommandLine: true,
		shown: () => "***",
		help: "A token in place of --user: see varve token.",
	},
];

/**
 * The operand of a verb that works on one stream.
 * @param purpose what the verb does with it
 * @throws Failure
 */
export function streamOperand([stream]: readonly string[], purpose: string): string {
	if (stream === undefined || stream === "") {
		const state = stream === undefined ? "missing" : "empty";
		const quoted = "in a shell, put a name with $ in single quotes: '$all'";
		throw new Failure(`STREAM is ${state}: name the stream to ${purpose}; ${quoted}`, EXIT.usage);
	}
	if (/^https?:\/\//i.test(stream)) {
		const hint = "STREAM is a name, not a URL; give the server with --url";
		throw new Failure(`${hint}: order-42 --url http://127.0.0.1:2113`, EXIT.usage);
	}
	return stream;
}

/** The value of a text option that has a default, or that the caller has checked. */
export function text(values: Values, name: string): string {
	return String(values[name]);
}

export function optionalText(values: Values, name: string): string | undefined {
	const value = values[name];
	return value === undefined ? undefined : String(value);
}

export function number(values: Values, name: string): number {
	return Number(values[name]);
}

export function optionalNumber(values: Values, name: string): number | undefined {
	const value = values[name];
	return value === undefined ? undefined : Number(value);
}

/**
 * The headers that carry the credentials of `--user`, or `VARVE_TOKEN`, if any.
 * @throws Failure if both are there
 */
export function credentials(values: Values): Readonly<Record<string, string>> {
	const user = optionalText(values, "user");
	const token = optionalText(values, "token");
	if (user !== undefined && token !== undefined) {
		throw new Failure("a user and a token are given (VARVE_TOKEN); leave one out", EXIT.usage);
	}
	if (token !== undefined) return { Authorization: `Bearer ${token}` };
	if (user === undefined) return {};
	return { Authorization: `Basic ${Buffer.from(user, "utf8").toString("base64")}` };
}

/**
 * The action that the first operand names.
 * @param others the actions that are not among these, for the list
 * @throws Failure if it names none
 */
export function actionOf<Action>(
	actions: ReadonlyMap<string, Action>,
	word: string,
	others: readonly string[] = [],
): Action {
	const action = actions.get(word);
	if (action) return action;
	const words = [...others, ...actions.keys()].join(", ");
	throw new Failure(`the action is missing or none of these: ${words}`, EXIT.usage);
}
