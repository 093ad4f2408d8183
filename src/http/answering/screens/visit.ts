/** A browser's request as the admin UI gets it. */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Principal } from "../../../access/principal.ts";
import type { Visit, VisitTarget } from "../../../screens.ts";
import type { Context } from "../../context.ts";
import { baseOf } from "../../request/base.ts";
import { problemOf } from "../problems.ts";
import { storeFor } from "./store.ts";

/** The cookie that a visitor's form tokens belong to. */
const COOKIE = "varve-forms";
const COOKIE_BYTES = 16;
/** Of this process: forms of an earlier one are shown again, to be sent again. */
const KEY = randomBytes(32);
const NO_TARGET: VisitTarget = { stream: "", from: "", count: "", time: "" };

/** A visit, and the header that gives the browser the cookie of its forms, if it has none yet. */
export type VisitAndCookie = { readonly visit: Visit; readonly cookie: readonly string[] };

/** A person's browser: the part of an exchange that screens are made of. */
export type Visitor = {
	readonly context: Context;
	readonly req: IncomingMessage;
	readonly principal: Principal;
};

export function visitOf(
	{ context, req, principal }: Visitor,
	path: string,
	target: VisitTarget = NO_TARGET,
): VisitAndCookie {
	const known = cookieOf(req, COOKIE);
	const id = known ?? randomBytes(COOKIE_BYTES).toString("hex");
	const { url = "" } = req;
	const mark = url.indexOf("?");
	const theme = cookieOf(req, "varve-theme");
	const { stream, from, count, time } = target;
	const visit: Visit = {
		path,
		target: { stream, from, count, time },
		query: new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1)),
		base: baseOf(req, context.settings.publicUrl),
		theme: theme === "light" || theme === "dark" ? theme : undefined,
		token: tokenOf(id),
		store: storeFor(context, principal),
		explain: problemOf,
	};
	const secure = visit.base.startsWith("https:") ? "; Secure" : "";
	const given = `${COOKIE}=${id}; Path=/; HttpOnly; SameSite=Strict${secure}`;
	return { visit, cookie: known === undefined ? ["Set-Cookie", given] : [] };
}

/** Whether a form was sent from a screen that this process gave to this very browser. */
export function isTokenOf(req: IncomingMessage, token: string): boolean {
	const id = cookieOf(req, COOKIE);
	if (id === undefined) return false;
	const [sent, right] = [Buffer.from(token), Buffer.from(tokenOf(id))];
	return sent.length === right.length && timingSafeEqual(sent, right);
}

function tokenOf(id: string): string {
	return createHmac("sha256", KEY).update(id).digest("base64url");
}

function cookieOf({ headers: { cookie = "" } }: IncomingMessage, name: string): string | undefined {
	for (const pair of cookie.split(";")) {
		const [key, value] = pair.split("=", 2);
		if (key?.trim() === name && value !== undefined && /^[\w-]{1,64}$/.test(value.trim())) {
			return value.trim();
		}
	}
	return undefined;
}
