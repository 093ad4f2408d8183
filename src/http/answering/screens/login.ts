/**
 * Where a person's browser is sent if its request was refused for want of a right (departure 39): a
 * box of the browser over a page of the server would ask for what the page asks for.
 */
import type { IncomingMessage } from "node:http";
import { NOT_KEPT } from "../../../cache/policy.ts";
import { isRefusal } from "../../../errors.ts";
import type { Context } from "../../context.ts";
import { baseOf } from "../../request/base.ts";
import { prefersHtml } from "../../request/html.ts";
import type { Answer } from "../answer.ts";

/**
 * Undefined if the client is a program, sends a form, or was refused for another reason. One that
 * is logged in and may not do this would be sent in a circle.
 */
export function loginInstead(
	{ screens, settings }: Context,
	req: IncomingMessage,
	error: unknown,
): Answer | undefined {
	if (!screens || !isRefusal(error, "unauthorized")) return undefined;
	if (error.facts.cause === "denied") return undefined;
	const { method, url = "/" } = req;
	if ((method !== "GET" && method !== "HEAD") || !prefersHtml(req, queryOf(url))) return undefined;
	const location = `${baseOf(req, settings.publicUrl)}/login?to=${encodeURIComponent(url)}`;
	return { status: 303, headers: ["Location", location, ...NOT_KEPT, "Content-Length", "0"] };
}

function queryOf(url: string): string {
	const mark = url.indexOf("?");
	return mark < 0 ? "" : url.slice(mark + 1);
}
