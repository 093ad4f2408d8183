/** The users of the store, and the forms that change them; for admins. */
import { Refusal } from "../../../src/errors.ts";
import type { Screen, ShownProblem, ShownUser, Visit } from "../../../src/screens.ts";
import { type Frame, redirect, screenOf } from "../../frame/frame.ts";
import { type Html, html, type Part } from "../../html.ts";
import { accepting, curlPanel } from "../../parts/curl.ts";
import { visible } from "../../parts/visible.ts";
import { agoOf, button, field, formOf, textIn, wordsIn } from "./forms.ts";

const PASSWORD = 'type="password" required autocomplete="new-password" maxlength="1024"';
const ADMINS = "$admins";
const CONFIRM = 'required autocomplete="off" spellcheck="false" maxlength="256"';

/** GET /users @throws Refusal `unauthorized` */
export async function users(frame: Frame, refused?: ShownProblem): Promise<Screen> {
	const { visit } = frame;
	const all = await visit.people.users();
	const rows = all.map((user) => rowOf(frame, user));
	return screenOf(frame, {
		title: "Users",
		place: "users",
		status: refused?.status ?? 200,
		heading: "Users",
		actions: html`<a class="button" href="/tokens">Tokens</a><a class="button" href="/streams/%24audit">Audit</a>`,
		note: refused && html`<p class="note bad" role="alert">${visible(refused.detail)}</p>`,
		main: html`<section class="panel" aria-label="The list"><table class="rows people" role="table"><caption class="away">Users</caption>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Login</th><th scope="col" role="columnheader">Groups</th><th scope="col" role="columnheader">Changed</th><th scope="col" role="columnheader"><span class="away">Change</span></th></tr></thead>
<tbody role="rowgroup">${rows}</tbody></table></section>${newUser(frame)}`,
		aside: html`<section class="panel" aria-labelledby="groups"><header><h2 id="groups">Groups</h2></header><div class="body"><dl class="facts-list">${groupsOf(all)}</dl><p class="hint">Members of $admins may do everything, members of $ops run the server. All other groups are what ACLs of streams name.</p></div></section>${curlPanel(visit, `${visit.base}/users`, accepting("application/json"))}`,
	});
}

function rowOf(frame: Frame, user: ShownUser): Html {
	const { login, fullName, groups, isDisabled, updated } = user;
	const toggle = isDisabled ? "enable" : "disable";
	const badge = isDisabled && html` <span class="badge">disabled</span>`;
	// A form each: the key Enter sends the first button of a form.
	const about = (content: Part) =>
		formOf(frame, "/users", html`<input type="hidden" name="login" value="${login}">${content}`);
	const ways = [
		html`${field("Full name", "fullName", 'maxlength="256" autocomplete="off"', fullName)}${field("Groups, with commas between them", "groups", 'spellcheck="false" autocomplete="off"', groups.join(", "))}<input type="hidden" name="before" value="${factsOf(user)}">${button("facts", "Set name and groups")}`,
		button(toggle, isDisabled ? "Enable" : "Disable"),
		html`${field("New password", "password", PASSWORD)}${button("password", "Set password")}`,
		html`${field("To delete the user and all tokens of it, type the login", "confirm", CONFIRM)}${button("delete", "Delete", "danger")}`,
	];
	return html`<tr role="row" class="row"><td role="cell" class="title"><bdi>${visible(login)}</bdi>${badge}<small>${visible(fullName)}</small></td>
<td role="cell">${groups.map((group, at) => [at > 0 ? ", " : "", visible(group)])}</td>
<td role="cell">${agoOf(frame, updated)}</td>
<td role="cell"><details><summary>Change</summary><div class="ways">${ways.map(about)}</div></details></td></tr>`;
}

/** What a form was filled in with: if another admin has changed that meanwhile, it is refused. */
function factsOf({ fullName, groups }: Pick<ShownUser, "fullName" | "groups">): string {
	return JSON.stringify([fullName, ...groups]);
}

function groupsOf(all: readonly ShownUser[]): Part {
	const names = [...new Set([ADMINS, "$ops", ...all.flatMap(({ groups }) => groups)])].sort();
	return names.map((name) => {
		const members = all.filter(({ groups }) => groups.includes(name)).map(({ login }) => login);
		const shown = members.length === 0 ? "nobody" : members.join(", ");
		return html`<dt class="mono">${visible(name)}</dt><dd>${visible(shown)}</dd>`;
	});
}

function newUser(frame: Frame): Html {
	return html`<section class="panel" aria-labelledby="new"><header><h2 id="new">New user</h2></header><div class="body">${formOf(
		frame,
		"/users",
		html`<div class="pair"><div class="panel-less">${field("Login", "login", 'required maxlength="256" autocomplete="off" spellcheck="false"')}${field("Full name", "fullName", 'maxlength="256"')}</div><div class="panel-less">${field("Groups, with commas between them", "groups", 'spellcheck="false"')}${field("Password", "password", PASSWORD)}</div></div>${button("create", "Create", "main")}`,
	)}</div></section>`;
}

const NOT_TYPED = "What was typed is not the login. Nothing was changed.";
const CHANGED = "Somebody has changed this user meanwhile. Nothing was changed; look again.";
const OWN =
	"You would take your own rights, and could not give them back. Another admin can do that.";

type Deed = (frame: Frame, login: string, form: URLSearchParams) => Promise<void>;

const DEEDS: Readonly<Record<string, Deed>> = {
	create: ({ visit }, login, form) => {
		const facts = { fullName: textIn(form, "fullName"), groups: wordsIn(form, "groups") };
		const password = form.get("password") ?? "";
		return visit.people.ofUsers.create({ login, password, ...facts });
	},
	async facts({ visit }, login, form) {
		const facts = { fullName: textIn(form, "fullName"), groups: wordsIn(form, "groups") };
		if (isOwn(visit, login) && !facts.groups.includes(ADMINS)) throw malformed(OWN);
		const user = (await visit.people.users()).find((one) => one.login === login);
		if (user && factsOf(user) !== form.get("before")) throw malformed(CHANGED);
		await visit.people.ofUsers.update(login, facts);
	},
	enable: ({ visit }, login) => visit.people.ofUsers.setDisabled(login, false),
	async disable({ visit }, login) {
		if (isOwn(visit, login)) throw malformed(OWN);
		await visit.people.ofUsers.setDisabled(login, true);
	},
	password: ({ visit }, login, form) =>
		visit.people.ofUsers.resetPassword(login, form.get("password") ?? ""),
	async delete({ visit }, login, form) {
		if (textIn(form, "confirm") !== login) throw malformed(NOT_TYPED);
		if (isOwn(visit, login)) throw malformed(OWN);
		await visit.people.ofUsers.remove(login);
	},
};

function isOwn({ account }: Visit, login: string): boolean {
	return account.login === login;
}

function malformed(reason: string): Refusal {
	return new Refusal("malformed-body", { reason });
}

/** POST /users */
export async function changeUsers(frame: Frame, form: URLSearchParams): Promise<Screen> {
	const { visit } = frame;
	const action = form.get("action") ?? "";
	const deed = Object.hasOwn(DEEDS, action) ? DEEDS[action] : undefined;
	try {
		if (!deed) throw malformed(`No form has the action '${action.slice(0, 40)}'.`);
		await deed(frame, textIn(form, "login"), form);
		return redirect(visit, "/users");
	} catch (error) {
		const problem = visit.explain(error);
		if (problem === undefined || problem.status === 401) throw error;
		return users(frame, problem);
	}
}
