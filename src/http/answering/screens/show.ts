/** Requests of a person's browser: for the screen of a resource, and with a form of one. */
import type { IncomingMessage } from "node:http";
import { Refusal } from "../../../errors.ts";
import type { Screen, VisitTarget } from "../../../screens.ts";
import { readBody } from "../../request/body.ts";
import { prefersHtml } from "../../request/html.ts";
import type { Answer } from "../answer.ts";
import { answerScreen } from "./screen.ts";
import { isTokenOf, type VisitAndCookie, type Visitor, visitOf } from "./visit.ts";

const FORM = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;

/**
 * @param path of the resource, as the table of routes has it
 * @returns undefined if the client is a program, or the resource has no screen
 */
export function showScreen(
	visitor: Visitor,
	path: string,
	target: VisitTarget & { readonly query: string },
): Promise<Answer> | undefined {
	const { context, req } = visitor;
	const { screens } = context;
	if (!screens || !prefersHtml(req, target.query)) return undefined;
	const visited = visitOf(visitor, path, target);
	const screen = screens.show(visited.visit);
	return screen && answerVisit(req, visited, screen);
}

/** @returns undefined if the request holds no form, or there is no UI to send one */
export function submitForm(
	visitor: Visitor,
	path: string,
	target: VisitTarget,
): Promise<Answer> | undefined {
	const { context, req } = visitor;
	const { screens } = context;
	if (!screens || !FORM.test(req.headers["content-type"] ?? "")) return undefined;
	const submit = async () => {
		const body = await readBody(req, context.settings.bodyBytesMax);
		const form = new URLSearchParams(body.toString());
		if (!isTokenOf(req, form.get("_token") ?? "")) throw new Refusal("form-not-ours", {});
		const visited = visitOf(visitor, path, target);
		return answerVisit(req, visited, screens.submit(visited.visit, form));
	};
	return submit();
}

async function answerVisit(
	req: IncomingMessage,
	{ cookie }: VisitAndCookie,
	shown: Promise<Screen>,
): Promise<Answer> {
	const screen = await shown;
	return answerScreen(req, { ...screen, headers: [...(screen.headers ?? []), ...cookie] });
}
