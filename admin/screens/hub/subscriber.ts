/** One subscriber of the hub: how it stands, what was tried, what is known of it, and its end. */
import { subscriberUrl } from "../../../src/http/urls.ts";
import type { HubStanding, OneSubscriber } from "../../../src/push/hub/shown.ts";
import type { Screen, ShownProblem } from "../../../src/screens.ts";
import { type Frame, screenOf } from "../../frame/frame.ts";
import { type Html, html, type Part } from "../../html.ts";
import { accepting, curlPanel } from "../../parts/curl.ts";
import { streamLink } from "../../parts/name.ts";
import { agoOf, clockOf, grouped, spanOf } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";
import { attemptsPanel } from "../webhooks/attempts.ts";
import { badgesOf } from "./status.ts";

/** The browser sends the form there. */
const FORMS = "/ui/hub";

/** The form as the operator sent it, and the reason why the server refused it. */
export type Refused = { readonly problem: ShownProblem; readonly reason: string };

/** GET /hub/{id} @throws Refusal `route-not-found`, `subscriber-not-found`, `unauthorized` */
export async function subscriber(frame: Frame, refused?: Refused): Promise<Screen> {
	const { visit } = frame;
	const { store, base, target } = visit;
	const one = await store.hub.one(target.id);
	const { standing, attempts } = one;
	const { callback, stream, id } = standing.subscriber;
	const { host } = new URL(callback);
	return screenOf(frame, {
		title: host,
		place: "webhooks",
		status: refused?.problem.status ?? 200,
		crumbs: html`<a href="/webhooks">Webhooks</a> / <a href="/hub">WebSub</a>`,
		heading: html`<span class="mono">${visible(host)}</span>`,
		facts: html`<span>of ${streamLink(stream)}</span><span class="mono target">${visible(callback)}</span>${badgesOf(standing)}`,
		note: html`${refused && html`<p class="note bad" role="alert">${visible(refused.problem.detail)}</p>`}${noteOf(standing)}`,
		main: html`${tiles(frame, standing)}${attemptsPanel(frame, attempts)}`,
		aside: html`${knownPanel(frame, one)}${endPanel(frame, standing, refused)}${curlPanel(visit, subscriberUrl(base, id), accepting("application/json"))}`,
	});
}

function noteOf({ heldUp, subscriber: { isSigned } }: HubStanding): Part {
	if (heldUp === "unauthorized" && isSigned) {
		return html`<p class="note bad">Nothing is sent: whoever subscribed may not read the stream now, or its secret was sealed with another push key.</p>`;
	}
	if (heldUp === "unauthorized") {
		return html`<p class="note bad">Whoever subscribed may not read the stream now, so nothing is sent.</p>`;
	}
	return heldUp !== "" && html`<p class="note bad">Nothing is sent now: ${visible(heldUp)}.</p>`;
}

function tiles({ now }: Frame, standing: HubStanding): Html {
	const { lagEvents, lagSeconds, retrying, givenUp, circuit, openSeconds, subscriber } = standing;
	const age = lagEvents === 0 ? "–" : spanOf(lagSeconds * 1000);
	const isOpen = circuit === "open";
	const shown: readonly (readonly [string, Part, string])[] = [
		["Lag", grouped(lagEvents), "entries not sent"],
		["Age", age, "of the oldest of them"],
		["Retrying", grouped(retrying), "entries that wait for another try"],
		["Given up", grouped(givenUp), "requests of the newest attempts"],
		["Circuit", circuit, isOpen ? `one attempt in ${openSeconds} s` : "open: nothing is sent"],
		["Lease", spanOf(Math.max(0, subscriber.leaseUntil - now)), "until it ends"],
	];
	return html`<div class="tiles numbers">${shown.map(([title, value, meaning]) => html`<div class="tile"><h2>${title}</h2><p class="figure">${value}</p><p class="hint">${meaning}</p></div>`)}</div>`;
}

function knownPanel({ now }: Frame, { standing, attempts }: OneSubscriber): Html {
	const { subscriber, lastSettled } = standing;
	const delivered = attempts.find(({ word }) => word === "delivered");
	const { topic, callback, creator, leaseUntil, isSigned, start } = subscriber;
	const rows: readonly (readonly [string, Part])[] = [
		["Topic", visible(topic)],
		["Callback", visible(callback)],
		["Asked by", creator.login === "" ? "whoever had no name" : visible(creator.login)],
		["Lease ends", clockOf(leaseUntil, now)],
		["Signature", isSigned ? "by the secret that it gave" : "none: it gave no secret"],
		["Began at", html`No. ${grouped(start)}`],
		["Last taken", delivered ? agoOf(delivered.atMs, now) : "nothing among the newest attempts"],
		["Sent up to", lastSettled < start ? "nothing yet" : html`No. ${grouped(lastSettled)}`],
	];
	return html`<section class="panel" aria-labelledby="known"><header><h2 id="known">What is known of it</h2></header><div class="body"><dl class="facts-list">${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></div></section>`;
}

function endPanel({ visit }: Frame, { subscriber }: HubStanding, refused?: Refused): Html {
	const { host } = new URL(subscriber.callback);
	const open = refused === undefined ? "" : html` open`;
	return html`<section class="panel" aria-labelledby="end"><header><h2 id="end">End</h2></header><div class="body"><details${open}><summary>End this subscriber</summary><form class="deed" method="post" action="${FORMS}"><input type="hidden" name="_token" value="${visit.token}"><input type="hidden" name="id" value="${subscriber.id}">
<ul class="says"><li>It gets nothing more, and its callback is told so, with the reason.</li><li>It may subscribe again, as long as it may read the stream.</li></ul>
<label class="field">Reason, if there is one to tell<input name="reason" maxlength="200" autocomplete="off" value="${refused?.reason ?? ""}"></label>
<label class="field"><span>To do it, type the host <b class="mono">${visible(host)}</b></span><input class="mono" name="confirm" required autocomplete="off" spellcheck="false"></label>
<p class="buttons"><button type="submit" class="danger">End it</button></p></form>
</details></div></section>`;
}
