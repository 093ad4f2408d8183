/** The login by way of the issuer: the browser goes there, and comes back to here. */
import type { Screen } from "../../src/screens.ts";
import { type Frame, screenOf } from "../frame/frame.ts";
import { type Html, html } from "../html.ts";
import { visible } from "../parts/visible.ts";
import { login, ownPath } from "./login.ts";

/** GET /login/oidc?to=/streams/… */
export async function leaveForIssuer(frame: Frame): Promise<Screen> {
	const { visit } = frame;
	const { issuer } = visit.account;
	if (issuer === undefined) return login(frame);
	try {
		const { url, headers } = await issuer.start(ownPath(visit.query.get("to") ?? "/"));
		return { status: 303, html: "", headers: ["Location", url, ...headers] };
	} catch (error) {
		return refused(frame, error);
	}
}

/**
 * GET /login/callback?code=…
 *
 * A page that leads on, and no redirect: what follows a redirect from another site is of that site,
 * and the browser would keep the session's cookie from it.
 */
export async function comeBack(frame: Frame): Promise<Screen> {
	const { visit } = frame;
	const { issuer } = visit.account;
	if (issuer === undefined) return login(frame);
	try {
		const { login: name, to, headers } = await issuer.finish(visit.query);
		return screenOf(frame, {
			title: "Logged in",
			place: undefined,
			heading: "Logged in",
			headers: [...headers, "Refresh", `0; url=${visit.base}${to}`],
			main: welcome(name, to),
		});
	} catch (error) {
		return refused(frame, error);
	}
}

function welcome(name: string, to: string): Html {
	const who = html`<p>You are logged in as <b>${visible(name)}</b>.</p>`;
	return html`<section class="panel"><div class="body">${who}
<p class="buttons"><a class="button" href="${to}">Go on</a></p></div></section>`;
}

/** A login that can still end well is kept: the browser may load the page again. */
async function refused(frame: Frame, error: unknown): Promise<Screen> {
	const { visit } = frame;
	const problem = visit.explain(error);
	if (problem === undefined) throw error;
	const screen = await login(frame, { login: "", problem });
	if (problem.status !== 403) return screen;
	const forgotten = visit.account.issuer?.forget() ?? [];
	return { ...screen, headers: [...(screen.headers ?? []), ...forgotten] };
}
