/** One webhook: how it stands, what was tried, what is parked, and how it is set. */
import { keySetUrl } from "../../../src/http/urls.ts";
import type { Standing } from "../../../src/push/running/standing.ts";
import type { Screen, ShownProblem } from "../../../src/screens.ts";
import { type Frame, screenOf } from "../../frame/frame.ts";
import { ROW_KEYS } from "../../frame/keys.ts";
import { type Html, html, type Part } from "../../html.ts";
import { accepting, curlPanel } from "../../parts/curl.ts";
import { streamLink } from "../../parts/name.ts";
import { grouped, spanOf } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";
import { attemptsPanel } from "./attempts.ts";
import { buttonForm, FORMS, hiddenFields, settingsField, webhookPath } from "./form.ts";
import { statusOf } from "./list.ts";
import { PARKED_SHOWN, parkedPanel } from "./parked.ts";
import { settingsInWords, settingsOf } from "./words.ts";

/** What a form of this screen led to: why it was refused, or a secret, which is shown this once. */
export type Told = {
	readonly problem?: ShownProblem;
	readonly settings?: string | undefined;
	readonly secret?: string;
	readonly note?: Part;
};

/** GET /webhooks/{name} @throws Refusal `unauthorized`, `webhook-not-found` */
export async function webhook(frame: Frame, told: Told = {}): Promise<Screen> {
	const { visit } = frame;
	const { store, target, base } = visit;
	const name = target.id;
	const standing = await store.webhooks.standing(name);
	const [attempts, parked] = await Promise.all([
		store.webhooks.attempts(name),
		store.webhooks.parked(name, { from: 0, count: PARKED_SHOWN }),
	]);
	const { settings } = standing.webhook;
	return screenOf(frame, {
		title: name,
		place: "webhooks",
		status: told.problem?.status ?? 200,
		crumbs: html`<a href="/webhooks">Webhooks</a>`,
		heading: html`<span class="mono">${name}</span>`,
		facts: html`<span>of ${streamLink(settings.stream)}</span><span class="mono target">${visible(settings.url)}</span>${statusOf(standing)}`,
		actions: actions(frame, standing),
		note: noteOf(standing, told),
		main: html`${tiles(standing)}${attemptsPanel(frame, attempts)}${parkedPanel(frame, standing, parked)}`,
		aside: html`${settingsPanel(frame, standing, told)}${secretPanel(frame, standing)}${deletionPanel(frame, standing)}${curlPanel(visit, base + webhookPath(name), accepting("application/json"))}`,
		keys: parked.length > 0 ? ROW_KEYS : [],
	});
}

/** Shows the secret that a webhook got a moment ago, if the rest of the webhook cannot be read. */
export function secretAlone(frame: Frame, name: string, secret: string): Screen {
	return screenOf(frame, {
		title: name,
		place: "webhooks",
		crumbs: html`<a href="/webhooks">Webhooks</a>`,
		heading: html`<span class="mono">${name}</span>`,
		note: secretNote(secret),
		main: html`<section class="panel"><div class="empty"><h2>It cannot be shown now</h2><p>The secret was made. Keep it, and then <a href="${webhookPath(name)}">look again</a>.</p></div></section>`,
	});
}

function secretNote(secret: string): Html {
	return html`<p class="note ok" role="status">The secret, which nobody can see again: <code class="mono secret">${secret}</code></p>`;
}

function actions({ visit }: Frame, { webhook: { name, state } }: Standing): Html {
	const turn =
		state.is === "active"
			? buttonForm(visit, "pause", name, "Pause")
			: buttonForm(visit, "resume", name, "Resume");
	return html`${buttonForm(visit, "test", name, "Test delivery")}${turn}`;
}

function noteOf({ webhook: { state }, heldUp }: Standing, told: Told): Part {
	const { problem, secret, note } = told;
	const notes: Part[] = [];
	if (problem) {
		notes.push(html`<p class="note bad" role="alert">${visible(problem.detail)}</p>`);
	}
	if (secret !== undefined) {
		notes.push(secretNote(secret));
	}
	if (note) notes.push(note);
	if (state.is === "stopped") {
		notes.push(
			html`<p class="note bad">It has stopped: ${visible(state.reason)}. Nothing is lost; what comes meanwhile waits until it is resumed.</p>`,
		);
	}
	if (heldUp === "unauthorized") {
		notes.push(
			html`<p class="note bad">Whoever made it may not read the stream now, so nothing is sent.</p>`,
		);
	} else if (heldUp === "gone" && state.is === "active") {
		notes.push(
			html`<p class="note bad">The target says that it is gone, so nothing is sent. The log has refused to keep that, and is asked again.</p>`,
		);
	} else if (heldUp !== "" && heldUp !== "gone") {
		notes.push(html`<p class="note bad">Nothing is sent now: ${visible(heldUp)}.</p>`);
	}
	return html`${notes}`;
}

function tiles(standing: Standing): Html {
	const { lagEvents, lagSeconds, running, retrying, parked, circuit, openSeconds } = standing;
	const number = (value: number) => html`${grouped(value)}`;
	const shown: readonly (readonly [string, Part, string])[] = [
		["Lag", number(lagEvents), "events not sent"],
		["Age", lagEvents === 0 ? "–" : spanOf(lagSeconds * 1000), "of the oldest of them"],
		["Under way", number(running), "requests now"],
		["Retrying", number(retrying), "events that wait for another try"],
		["Parked", number(parked), "set aside after the last try"],
		[
			"Circuit",
			circuit,
			circuit === "open" ? `one attempt in ${openSeconds} s` : "open: nothing is sent for a while",
		],
	];
	return html`<div class="tiles numbers">${shown.map(([title, value, meaning]) => html`<div class="tile"><h2>${title}</h2><p class="figure">${value}</p><p class="hint">${meaning}</p></div>`)}</div>`;
}

function settingsPanel({ visit }: Frame, { webhook }: Standing, told: Told): Html {
	const text = told.settings ?? JSON.stringify(settingsOf(webhook), null, 2);
	const open = told.settings === undefined ? "" : html` open`;
	return html`<section class="panel" aria-labelledby="settings"><header><h2 id="settings">Settings</h2></header><div class="body">${settingsInWords(webhook.settings)}<details${open}><summary>Change them</summary><form class="deed" method="post" action="${FORMS}">${hiddenFields(visit, "update", webhook.name)}<input type="hidden" name="version" value="${webhook.version}">
${settingsField("All settings as JSON; what is left out gets its default", text, 20)}
<p class="hint">It goes on from where it is, and keeps its secret.</p>
<p class="buttons"><button type="submit">Write the settings</button></p></form>
</details></div></section>`;
}

function secretPanel({ visit }: Frame, { webhook }: Standing): Html {
	const { name, uid, secret } = webhook;
	const keys = keySetUrl("", uid);
	const until =
		secret.previousUntil > Date.now()
			? html`<li>The secret of before signs, too, until ${new Date(secret.previousUntil).toISOString()}.</li>`
			: "";
	return html`<section class="panel" aria-labelledby="secret"><header><h2 id="secret">Secret</h2></header><div class="body"><ul class="says"><li>Secret number ${grouped(secret.generation)} signs.</li>${until}<li><a href="${keys}">Public keys</a> for receivers that hold no secret.</li></ul>
<details><summary>Make another one</summary><form class="deed" method="post" action="${FORMS}">${hiddenFields(visit, "rotate", name)}
<label class="field">Hours for which the secret of before signs, too<input name="hours" inputmode="numeric" pattern="\\d{1,3}" value="24" required></label>
<p class="buttons"><button type="submit">Make another secret</button></p></form>
</details></div></section>`;
}

function deletionPanel({ visit }: Frame, { webhook: { name } }: Standing): Html {
	return html`<section class="panel" aria-labelledby="delete"><header><h2 id="delete">Delete</h2></header><div class="body"><details><summary>Delete this webhook</summary><form class="deed" method="post" action="${FORMS}">${hiddenFields(visit, "delete", name)}
<ul class="says"><li>Nothing more is sent, and its secret is worth nothing.</li><li>The events of the stream stay, those that are parked, too.</li></ul>
<label class="field"><span>To do it, type the name <b class="mono">${name}</b></span><input class="mono" name="confirm" required autocomplete="off" spellcheck="false"></label>
<p class="buttons"><button type="submit" class="danger">Delete</button></p></form>
</details></div></section>`;
}
