/** The tokens of machines: a user's own, for an admin all of them. */
import { Refusal } from "../../../src/errors.ts";
import type { Screen, ShownProblem, ShownToken } from "../../../src/screens.ts";
import { type Frame, redirect, screenOf } from "../../frame/frame.ts";
import { type Html, html, type Part } from "../../html.ts";
import { accepting, curlPanel } from "../../parts/curl.ts";
import { visible } from "../../parts/visible.ts";
import { agoOf, button, field, formOf, textIn, wordsIn } from "./forms.ts";

const DAY_MS = 24 * 3600 * 1000;
const DAYS_USUAL = 365;

/** GET /tokens @throws Refusal `unauthorized` */
export async function tokens(frame: Frame, note?: Part, status = 200): Promise<Screen> {
	const { visit } = frame;
	const all = await visit.people.tokens();
	const rows =
		all.length === 0
			? html`<p class="none">There are no tokens. Create one below for a program that reads or appends.</p>`
			: html`<table class="rows people" role="table"><caption class="away">Tokens</caption>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Name</th><th scope="col" role="columnheader">For</th><th scope="col" role="columnheader">May</th><th scope="col" role="columnheader">Ends</th><th scope="col" role="columnheader">Last used</th><th scope="col" role="columnheader"><span class="away">Change</span></th></tr></thead>
<tbody role="rowgroup">${all.map((token) => rowOf(frame, token))}</tbody></table>`;
	return screenOf(frame, {
		title: "Tokens",
		place: "users",
		status,
		heading: "Tokens",
		actions: visit.account.isAdmin && html`<a class="button" href="/users">Users</a>`,
		note,
		main: html`<section class="panel" aria-label="The list">${rows}</section>${newToken(frame)}`,
		aside: curlPanel(visit, `${visit.base}/tokens`, accepting("application/json")),
	});
}

function rowOf(
	frame: Frame,
	{ id, name, user, rights, prefixes, expires, used }: ShownToken,
): Html {
	const on = prefixes === undefined ? "all streams" : prefixes.map((one) => `${one}…`).join(", ");
	const end = expires === undefined ? "never" : new Date(expires).toISOString().slice(0, 10);
	const revoke = html`<input type="hidden" name="id" value="${id}">${button("revoke", "Revoke", "danger")}`;
	return html`<tr role="row" class="row"><td role="cell" class="title"><bdi>${visible(name)}</bdi><small class="mono">${id}</small></td><td role="cell">${visible(user)}</td>
<td role="cell">${rights}<small>${visible(on)}</small></td><td role="cell">${end}</td><td role="cell">${agoOf(frame, used)}</td><td role="cell">${formOf(frame, "/tokens", revoke)}</td></tr>`;
}

function newToken(frame: Frame): Html {
	const { login, isAdmin } = frame.visit.account;
	const user = isAdmin ? field("For the user", "user", 'required maxlength="256"', login) : "";
	return html`<section class="panel" aria-labelledby="new"><header><h2 id="new">New token</h2></header><div class="body">${formOf(
		frame,
		"/tokens",
		html`<div class="pair"><div class="panel-less">${field("Name", "name", 'required maxlength="256"')}${user}</div><div class="panel-less">${field("Only streams that begin with, comma between", "prefixes", 'spellcheck="false"')}${field("Ends after, in days", "days", 'inputmode="numeric" pattern="\\d{1,5}" required', String(DAYS_USUAL))}</div></div>
<label class="check"><input type="checkbox" name="write" value="yes"><span>May write, too</span></label>${button("create", "Create", "main")}`,
	)}</div></section>`;
}

/** POST /tokens */
export async function changeTokens(frame: Frame, form: URLSearchParams): Promise<Screen> {
	const { visit } = frame;
	const { ofTokens } = visit.people;
	try {
		if (form.get("action") === "create") {
			const text = await ofTokens.create(tokenIn(frame, form));
			return tokens(frame, made(text));
		}
		await ofTokens.revoke(textIn(form, "id"));
		return redirect(visit, "/tokens");
	} catch (error) {
		const problem = visit.explain(error);
		if (problem === undefined || problem.status === 401) throw error;
		return tokens(frame, alert(problem), problem.status);
	}
}

function tokenIn(frame: Frame, form: URLSearchParams) {
	const days = textIn(form, "days");
	if (!/^\d{1,5}$/.test(days) || Number(days) === 0) {
		throw new Refusal("invalid-token", { field: "expires", reason: "it takes a number of days" });
	}
	const prefixes = wordsIn(form, "prefixes");
	return {
		name: textIn(form, "name"),
		user: textIn(form, "user") || frame.visit.account.login,
		prefixes: prefixes.length === 0 ? undefined : prefixes,
		expires: frame.now + Number(days) * DAY_MS,
		mayWrite: form.get("write") === "yes",
	};
}

function alert({ detail }: ShownProblem): Html {
	return html`<p class="note bad" role="alert">${visible(detail)}</p>`;
}

/** The server shows the text of a token this one time. */
function made(text: string): Html {
	return html`<p class="note" role="status">Keep it now, nobody can show it again: <code class="mono" id="token">${text}</code> <button type="button" class="quiet needs-script" data-copy="#token">Copy</button></p>`;
}
