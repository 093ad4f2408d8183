/** One subscriber of the hub: how it stands, what was tried, and what is known of it. */
import type { HubStanding } from "../../../src/push/hub/shown.ts";
import type { Screen } from "../../../src/screens.ts";
import { type Frame, screenOf } from "../../frame/frame.ts";
import { type Html, html, type Part } from "../../html.ts";
import { accepting, curlPanel } from "../../parts/curl.ts";
import { streamLink } from "../../parts/name.ts";
import { clockOf, grouped, spanOf } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";
import { attemptsPanel } from "../webhooks/attempts.ts";
import { badgesOf } from "./status.ts";

/** @throws Refusal `route-not-found`, `unauthorized` */
export async function subscriber(frame: Frame, id: string): Promise<Screen> {
	const { visit } = frame;
	const { store, base } = visit;
	const { standing, attempts } = await store.hub.one(id);
	const { callback, stream } = standing.subscriber;
	const { host } = new URL(callback);
	return screenOf(frame, {
		title: host,
		place: "webhooks",
		crumbs: html`<a href="/webhooks">Webhooks</a> / <a href="/hub">WebSub</a>`,
		heading: html`<span class="mono">${visible(host)}</span>`,
		facts: html`<span>of ${streamLink(stream)}</span><span class="mono target">${visible(callback)}</span>${badgesOf(standing)}`,
		note: noteOf(standing),
		main: html`${tiles(frame, standing)}${attemptsPanel(frame, attempts)}`,
		aside: html`${knownPanel(frame, standing)}${curlPanel(visit, `${base}/hub`, accepting("application/json"))}`,
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

function knownPanel({ now }: Frame, { subscriber, lastSettled }: HubStanding): Html {
	const { topic, callback, creator, leaseUntil, isSigned, start } = subscriber;
	const rows: readonly (readonly [string, Part])[] = [
		["Topic", visible(topic)],
		["Callback", visible(callback)],
		["Asked by", creator.login === "" ? "whoever had no name" : visible(creator.login)],
		["Lease ends", clockOf(leaseUntil, now)],
		["Signature", isSigned ? "by the secret that it gave" : "none: it gave no secret"],
		["Began at", html`No. ${grouped(start)}`],
		["Sent up to", lastSettled < start ? "nothing yet" : html`No. ${grouped(lastSettled)}`],
	];
	return html`<section class="panel" aria-labelledby="known"><header><h2 id="known">What is known of it</h2></header><div class="body"><dl class="facts-list">${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></div></section>`;
}
