/** The lines of a server's export, page by page. */

import { ReadError } from "../../../feeds/reader/error.ts";
import { explainDamage, Failure } from "../explain.ts";
import { ask, type Reply, type Server } from "./admin.ts";

/** Where an export begins: a position, or a version of one own stream. */
export type Start = { readonly from: number; readonly stream?: string | undefined };

/** A server that cannot export so: an older one, another program, or one that gives no right to. */
export class NoExport extends Error {
	override readonly name = "NoExport";
}

/**
 * Yields some lines at a time, each with its line feed, up to the head.
 * @throws NoExport at the first page, Failure
 */
export async function* exportedPages(
	server: Server,
	{ from, stream }: Start,
): AsyncGenerator<string> {
	const of = stream === undefined ? "" : `&stream=${encodeURIComponent(stream)}`;
	for (let at = from; ; ) {
		const reply = await ask(server, "GET", `/admin/export?from=${at}${of}`);
		if (reply.status !== 200) throw failureOf(reply, server, at);
		if (reply.body.length === 0) return;
		const text = Buffer.from(reply.body).toString();
		at = nextAfter(text, stream === undefined ? "position" : "version", server);
		yield text;
	}
}

function failureOf({ status, problem, seen }: Reply, { url }: Server, at: number): Error {
	if (problem?.word === "log-damaged") {
		return new Failure(
			explainDamage(new ReadError("damaged", url, problem.detail, status, at), at),
		);
	}
	const lacks = problem?.word === "route-not-found" || problem === undefined;
	if ([401, 403, 404, 405, 501].includes(status) && (lacks || status < 404))
		return new NoExport(seen);
	if (problem?.word === "stream-not-found") {
		return new Failure(`stream '${problem.facts.stream}' has no events`);
	}
	return new Failure(`${url}: ${problem?.detail ?? `not an answer of Varve: ${seen}`}`);
}

function nextAfter(text: string, member: "position" | "version", { url }: Server): number {
	const last = text.slice(text.lastIndexOf("\n", text.length - 2) + 1);
	try {
		const { [member]: number } = JSON.parse(last) as Partial<Record<typeof member, unknown>>;
		if (typeof number === "number" && Number.isSafeInteger(number)) return number + 1;
	} catch {
		// Reported below: it is no line of an export.
	}
	throw new Failure(`${url}: not an answer of Varve: its export has no ${member}`);
}
