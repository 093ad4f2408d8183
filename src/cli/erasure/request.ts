/** One request to a server's API, for verbs that ask for something to be done. */
import type { Values } from "../../options.ts";
import { Failure } from "../explain.ts";
import { credentials, text } from "../verb.ts";

/** If a server accepts a connection and then says nothing for so long, the command gives up. */
const ANSWER_MS = 60_000;

/**
 * @param path behind the server's URL
 * @returns the answer's body; undefined if it has none
 * @throws Failure with the server's own words if it refuses
 */
export async function request(values: Values, method: string, path: string): Promise<unknown> {
	const answer = await fetch(text(values, "url").replace(/\/$/, "") + path, {
		method,
		headers: { Accept: "application/json", ...credentials(values) },
		signal: AbortSignal.timeout(ANSWER_MS),
	});
	const body = await answer.text();
	if (!answer.ok) throw new Failure(detailOf(body) ?? `${method} ${path}: ${answer.status}`);
	return body === "" ? undefined : JSON.parse(body);
}

/** The sentence for people in a problem (RFC 9457). */
function detailOf(body: string): string | undefined {
	try {
		const { detail } = JSON.parse(body) as { detail?: unknown };
		return typeof detail === "string" ? detail : undefined;
	} catch {
		return undefined;
	}
}
