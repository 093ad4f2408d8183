/** The lines of a server's export, page by page. */

import { ReadError } from "../../../feeds/reader/error.ts";
import { explainDamage, Failure } from "../explain.ts";
import { ask, type Reply, type Server } from "./admin.ts";

/** Where an export begins: a position, or a version of one own stream. */
export type Start = {
	readonly from: number;
	readonly stream?: string | undefined;
	/** Whether the hashes of passwords are to be there. */
	readonly accounts?: boolean;
};

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
	{ from, stream, accounts = false }: Start,
): AsyncGenerator<string> {
	const named = stream === undefined ? "" : `&stream=${encodeURIComponent(stream)}`;
	const of = accounts ? `${named}&accounts=yes` : named;
	for (let at = from; ; ) {
		const reply = await ask(server, "GET", `/admin/export?from=${at}${of}`);
		if (reply.status !== 200) throw failureOf(reply, server, at);
		if (reply.body.length === 0) return;
		const text = Buffer.from(reply.body).toString();
		const next = nextAfter(text, stream === undefined ? "position" : "version");
		if (next === undefined) throw strangeAnswer(reply, server);
		at = next;
		yield text;
	}
}

function failureOf(reply: Reply, server: Server, at: number): Error {
	const { status, problem, seen } = reply;
	if (problem?.word === "log-damaged") {
		return new Failure(
			explainDamage(new ReadError("damaged", server.url, problem.detail, status, at), at),
		);
	}
	const lacks = problem?.word === "route-not-found" || problem === undefined;
	if ([401, 403, 404, 405, 501].includes(status) && (lacks || status < 404))
		return new NoExport(seen);
	if (problem?.word === "stream-not-found") {
		return new Failure(`stream '${problem.facts.stream}' has no events`);
	}
	if (problem === undefined) return strangeAnswer(reply, server);
	return new Failure(`${server.url}: ${problem.detail}`);
}

/** The number behind that of the last line; undefined if it is no line of an export. */
function nextAfter(text: string, member: "position" | "version"): number | undefined {
	const last = text.slice(text.lastIndexOf("\n", text.length - 2) + 1);
	try {
		const { [member]: number } = JSON.parse(last) as Partial<Record<typeof member, unknown>>;
		return Number.isSafeInteger(number) ? (number as number) + 1 : undefined;
	} catch {
		return undefined;
	}
}

function strangeAnswer({ seen }: Reply, { url }: Server): Failure {
	return new Failure(`${url}: the answer is ${seen}, which is not the server's`);
}
