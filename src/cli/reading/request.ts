/** One request to a server's API, for verbs that ask for something to be done. */
import { type Answer, exchange, type Limits } from "../../../feeds/exchange/exchange.ts";
import { describeAnswer, mediaTypeOf, problemIn } from "../../../feeds/exchange/problem.ts";
import type { Values } from "../../options.ts";
import { Failure } from "../explain.ts";
import { credentials, text } from "../verb.ts";
import { FirstAnswer } from "./first-answer.ts";

/** If a server accepts a connection and then says nothing for so long, the command gives up. */
const ANSWER_MS = 60_000;
/** The answers are a few words; a proxy's error page may be longer, and is cut. */
const BODY_BYTES_MAX = 1024 * 1024;
const LIMITS = { answerMs: ANSWER_MS, silenceMs: ANSWER_MS, bodyBytesMax: BODY_BYTES_MAX };

/**
 * What an answer says; undefined if the server cannot have written it. A status says nothing: each
 * proxy and each login page answers with 200 and 204, too.
 */
export type Understand<T> = (answer: Answer) => T | undefined;

export type Asked = {
	readonly method: "GET" | "POST" | "PUT" | "DELETE";
	/** Behind the server's URL. */
	readonly path: string;
	/** Sent as JSON. */
	readonly body?: object | undefined;
	/** For an answer that takes long, or is large. */
	readonly limits?: Limits;
	/** Sent as JavaScript, in place of a body. */
	readonly script?: string;
	readonly headers?: Readonly<Record<string, string>>;
};

const ACCEPT = { accept: "application/json" };

/**
 * Asks once: some of these requests must not be sent twice.
 * @throws Failure with the server's own words if it refuses, and with what was seen if something
 * else answers: then nobody may believe that anything was erased
 */
export async function request<T>(
	values: Values,
	{ method, path, limits = LIMITS, ...sent }: Asked,
	understand: Understand<T>,
): Promise<T> {
	const url = text(values, "url").replace(/\/$/, "") + path;
	const answer = await exchange(
		{
			method,
			url,
			...sendable(sent),
			own: { origin: new URL(url).origin, headers: credentials(values) },
			limits,
		},
		new FirstAnswer(text(values, "url"), false).fetch,
		new AbortController().signal,
	);
	if ("unanswered" in answer) throw answer.cause;
	const said = understand(answer);
	if (said !== undefined) return said;
	const { status, statusText, headers, body: bytes = new Uint8Array(0) } = answer;
	const type = headers.get("content-type");
	const problem = problemIn(status, type, bytes);
	const seen = describeAnswer(status, statusText, type, bytes);
	throw new Failure(problem?.detail ?? `${method} ${path}: not an answer of Varve: ${seen}`);
}

function sendable({ body, script, headers }: Pick<Asked, "body" | "script" | "headers">) {
	const all = { ...ACCEPT, ...headers };
	if (script !== undefined) {
		return { headers: { ...all, "content-type": "application/javascript" }, body: script };
	}
	if (body === undefined) return { headers: all };
	return { headers: { ...all, "content-type": "application/json" }, body: JSON.stringify(body) };
}

/** The members of the JSON object that a 200 or 201 holds. */
export function membersIn({ status, headers, body }: Answer): Record<string, unknown> | undefined {
	if (
		(status !== 200 && status !== 201) ||
		mediaTypeOf(headers.get("content-type")) !== "application/json"
	)
		return;
	try {
		const value: unknown = JSON.parse(new TextDecoder().decode(body));
		const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
		return isObject ? (value as Record<string, unknown>) : undefined;
	} catch {
		return undefined;
	}
}
