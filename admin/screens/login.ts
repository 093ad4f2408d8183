/** Where a person logs in, and is led back to what was asked for. */
import type { Screen, ShownProblem } from "../../src/screens.ts";
import { type Frame, redirect, screenOf } from "../frame/frame.ts";
import { type Html, html } from "../html.ts";
import { commandPanel } from "../parts/curl.ts";
import { visible } from "../parts/visible.ts";

/** Whoever is here may be about to come as somebody else. */
const SOMEBODY = { account: { login: "LOGIN", isAdmin: false, shows: "password" } } as const;

type Refused = { readonly login: string; readonly problem: ShownProblem };

/** GET /login?to=/streams/… */
export async function login(frame: Frame, refused?: Refused): Promise<Screen> {
	const { visit } = frame;
	const to = ownPath(visit.query.get("to") ?? "/");
	const { login: known } = visit.account;
	return screenOf(frame, {
		title: "Log in",
		place: undefined,
		status: statusOf(refused?.problem),
		heading: "Log in",
		main: html`<section class="panel"><div class="body"><form class="deed login" method="post" action="/login">
${refused && html`<p class="note bad" role="alert">${visible(refused.problem.detail)}</p>`}
${known !== "" && stays(known, to)}
<input type="hidden" name="_token" value="${visit.token}"><input type="hidden" name="to" value="${to}">
<label class="field">Login<input name="login" required maxlength="256" autocomplete="username" autocapitalize="none" spellcheck="false" value="${refused?.login ?? ""}"${refused ? "" : html` autofocus`}></label>
<label class="field">Password<input name="password" type="password" required maxlength="1024" autocomplete="current-password"${refused ? html` autofocus` : ""}></label>
<p class="buttons">${byIssuer(frame, to)}<button type="submit" class="main">Log in</button></p></form></div></section>${commandPanel(SOMEBODY, { id: "curl", title: "The same with curl" }, visit.base + to)}`,
	});
}

function byIssuer({ visit }: Frame, to: string): Html | undefined {
	const { issuer } = visit.account;
	const href = `/login/oidc?to=${encodeURIComponent(to)}`;
	return issuer && html`<a class="button" href="${href}">Log in with ${visible(issuer.name)}</a>`;
}

/** If the server answered 401, the browser would ask for the password in a box of its own. */
function statusOf(problem: ShownProblem | undefined): number {
	const { status } = problem ?? { status: 200 };
	return status === 401 ? 403 : status;
}

function stays(known: string, to: string): Html {
	return html`<p class="note">You are logged in as <b>${visible(known)}</b>, who may not see <span class="mono">${visible(to)}</span>, or you are here by mistake. <a href="/">Go to the overview</a>, or log in as somebody else.</p>`;
}

/** POST /login */
export async function logIn(frame: Frame, form: URLSearchParams): Promise<Screen> {
	const { visit } = frame;
	const to = ownPath(form.get("to") ?? "/");
	const given = form.get("login") ?? "";
	try {
		const headers = await visit.account.logIn(given, form.get("password") ?? "");
		const there = redirect(visit, to);
		return { ...there, headers: [...(there.headers ?? []), ...headers] };
	} catch (error) {
		const problem = visit.explain(error);
		if (problem === undefined) throw error;
		const query = new URLSearchParams({ to });
		return login({ ...frame, visit: { ...visit, query } }, { login: given, problem });
	}
}

/** POST /logout */
export async function logOut({ visit }: Frame): Promise<Screen> {
	const headers = await visit.account.logOut();
	const there = redirect(visit, "/login");
	return { ...there, headers: [...(there.headers ?? []), ...headers] };
}

/** What leads elsewhere is no path of this server: `//host`, `/\host`, `https:…`. */
export function ownPath(to: string): string {
	return /^\/(?![/\\])[\x21-\x7e]*$/.test(to) && !to.startsWith("/login") ? to : "/";
}
