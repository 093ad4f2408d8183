/** A refusal as a page for people: the same status and headers, and what to do about it. */
import type { ShownProblem } from "../../../screens.ts";
import type { Context } from "../../context.ts";
import { prefersHtml } from "../../request/html.ts";
import type { Answer } from "../answer.ts";
import { answerScreen } from "./screen.ts";
import { visitOf } from "./visit.ts";
import type { Visitor } from "./visitor.ts";

/** Headers of a problem document that say nothing of its body. */
const OF_THE_BODY: ReadonlySet<string> = new Set([
	"Content-Type",
	"Content-Length",
	"Cache-Control",
]);

/** @returns undefined if the client is a program, or the refusal is about where it came to */
export function showRefusal(visitor: Visitor, answer: Answer): Promise<Answer> | undefined {
	const { context, req } = visitor;
	const { screens } = context;
	if (!screens || answer.body === undefined || !prefersHtml(req)) return undefined;
	const problem = JSON.parse(Buffer.from(answer.body).toString()) as ShownProblem;
	return show(visitor, answer, problem).catch((error: unknown) => {
		context.report(error);
		return answer;
	});
}

async function show(visitor: Visitor, answer: Answer, problem: ShownProblem): Promise<Answer> {
	const { context, req } = visitor;
	const { visit } = visitOf(visitor, "");
	const screen = await (context.screens as NonNullable<Context["screens"]>).refused(visit, problem);
	const isDenied = answer.status === 401;
	const dropped = isDenied ? [...OF_THE_BODY, "WWW-Authenticate"] : [...OF_THE_BODY];
	const kept = pairsOf(answer.headers).filter(([name]) => !dropped.includes(name));
	// A browser would ask for a password in a box over the page that says who it is, and may not.
	const status = isDenied ? 403 : answer.status;
	return {
		...(await answerScreen(req, { ...screen, status, headers: kept.flat() })),
		...(answer.reason === undefined ? {} : { reason: answer.reason }),
	};
}

function pairsOf(headers: readonly string[]): [string, string][] {
	const pairs: [string, string][] = [];
	for (let at = 0; at < headers.length; at += 2)
		pairs.push([headers[at] ?? "", headers[at + 1] ?? ""]);
	return pairs;
}
