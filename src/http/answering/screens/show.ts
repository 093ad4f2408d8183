/** Requests of a person's browser: for the screen of a resource, and with a form of one. */
import type { IncomingMessage } from "node:http";
import { Refusal } from "../../../errors.ts";
import type { Screen, VisitTarget } from "../../../screens.ts";
import { readBody } from "../../request/body.ts";
import { prefersHtml } from "../../request/html.ts";
import type { Answer } from "../answer.ts";
import { answerScreen } from "./screen.ts";
import { isTokenOf, visitOf } from "./visit.ts";
import type { Visitor } from "./visitor.ts";

/** Anybody may send it. */
const LOGIN_BYTES_MAX = 16 * 1024;
/** Where forms go besides streams and `/ui/`. */
const FORMS: ReadonlySet<string> = new Set(["/login", "/logout", "/users", "/tokens"]);
const FORM = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;

/**
 * @param path of the resource, as the table of routes has it
 * @returns undefined at once if the client is a program, later if the resource has no screen
 */
export function showScreen(
	visitor: Visitor,
	path: string,
	target: VisitTarget & { readonly query: string },
): Promise<Answer | undefined> | undefined {
	const { context, req } = visitor;
	const { screens } = context;
	if (!screens || !prefersHtml(req, target.query)) return undefined;
	const show = async () => {
		const { visit, cookie } = visitOf(visitor, path, target);
		const screen = await screens.show(visit);
		return screen && answerVisit(req, cookie, screen);
	};
	return show();
}

/**
 * Whether the forms of screens are sent there. Elsewhere a body of their type is no form: `curl -d`
 * says it of any.
 * @param path of the resource
 */
export function takesForms(path: string): boolean {
	return FORMS.has(path) || path.startsWith("/streams/:stream") || path.startsWith("/ui/");
}

/** @returns undefined if the request holds no form, or there is no UI to send one */
export function submitForm(
	visitor: Visitor,
	path: string,
	target: VisitTarget,
): Promise<Answer> | undefined {
	const { context, req } = visitor;
	const { screens } = context;
	const isForm = takesForms(path) && FORM.test(req.headers["content-type"] ?? "");
	if (!screens || !isForm) return undefined;
	const submit = async () => {
		const { bodyBytesMax } = context.settings;
		const bytesMax = path.startsWith("/log") ? LOGIN_BYTES_MAX : bodyBytesMax;
		const body = await readBody(req, bytesMax);
		const form = new URLSearchParams(body.toString());
		if (!isTokenOf(visitor, form.get("_token") ?? "")) throw new Refusal("form-not-ours", {});
		const { visit, cookie } = visitOf(visitor, path, target);
		return answerVisit(req, cookie, await screens.submit(visit, form));
	};
	return submit();
}

function answerVisit(
	req: IncomingMessage,
	cookie: readonly string[],
	screen: Screen,
): Promise<Answer> {
	return answerScreen(req, { ...screen, headers: [...(screen.headers ?? []), ...cookie] });
}
