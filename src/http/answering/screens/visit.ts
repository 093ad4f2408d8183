/** A browser's request as the admin UI gets it. */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { withoutCode } from "../../../observe/told-path.ts";
import type { Visit, VisitTarget } from "../../../screens.ts";
import { cookieOf, givenCookie, hostCookie } from "../../authentication/cookies.ts";
import { sessionIn } from "../../authentication/session.ts";
import { baseOf } from "../../request/base.ts";
import { problemOf } from "../problems.ts";
import { accountFor } from "./account.ts";
import { askFor } from "./ask.ts";
import { peopleFor } from "./people.ts";
import { storeFor } from "./store/store.ts";
import { doerOf, type Visitor } from "./visitor.ts";

/** The cookie that a visitor's form tokens belong to. */
const COOKIE = "varve-forms";
const COOKIE_BYTES = 16;
/** Of this process: forms of an earlier one are shown again, to be sent again. */
const KEY = randomBytes(32);
const NO_TARGET: VisitTarget = { stream: "", group: "", id: "", from: "", count: "", time: "" };

/** A visit, and the header that gives the browser the cookie of its forms, if it has none yet. */
type VisitAndCookie = { readonly visit: Visit; readonly cookie: readonly string[] };

export function visitOf(
	{ context, req, principal }: Visitor,
	path: string,
	target: VisitTarget = NO_TARGET,
): VisitAndCookie {
	const base = baseOf(req, context.settings.publicUrl);
	const known = cookieOf(req, hostCookie(COOKIE, base));
	const id = known ?? randomBytes(COOKIE_BYTES).toString("hex");
	const { url = "" } = req;
	const mark = url.indexOf("?");
	const theme = cookieOf(req, "varve-theme");
	const { stream, group, from, count, time } = target;
	const visit: Visit = {
		path,
		method: req.method ?? "GET",
		url: withoutCode(url),
		target: { stream, group, id: target.id, from, count, time },
		query: new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1)),
		base,
		theme: theme === "light" || theme === "dark" ? theme : undefined,
		token: tokenOf(id, sessionIn(req, context.settings.publicUrl)),
		people: peopleFor({ context, req, principal }),
		account: accountFor({ context, req, principal }, base),
		store: storeFor(context, principal, doerOf({ context, req, principal })),
		ask: askFor({ context, req, principal }),
		explain: problemOf,
	};
	const given = givenCookie(hostCookie(COOKIE, base), id, base);
	return { visit, cookie: known === undefined ? given : [] };
}

/** Whether a form was sent from a screen that this process gave to this browser and session. */
export function isTokenOf(
	{ context, req }: Pick<Visitor, "context" | "req">,
	token: string,
): boolean {
	const { publicUrl } = context.settings;
	const id = cookieOf(req, hostCookie(COOKIE, baseOf(req, publicUrl)));
	if (id === undefined) return false;
	const [sent, right] = [Buffer.from(token), Buffer.from(tokenOf(id, sessionIn(req, publicUrl)))];
	return sent.length === right.length && timingSafeEqual(sent, right);
}

function tokenOf(id: string, session = ""): string {
	return createHmac("sha256", KEY).update(`${id}\n${session}`).digest("base64url");
}
