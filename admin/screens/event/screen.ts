/** One event: what it is, what it changed, what caused it, where it stands, and its proof. */

import { Refusal } from "../../../src/errors.ts";
import { ALL, parseStreamName, type RecordedEvent } from "../../../src/event.ts";
import { eventUrl, parseAt } from "../../../src/http/urls.ts";
import type { StreamEntry } from "../../../src/log/log.ts";
import type { Screen, Visit } from "../../../src/screens.ts";
import { type Frame, screenOf } from "../../frame/frame.ts";
import { COPY_KEY, STEP_KEYS, TIME_KEY } from "../../frame/keys.ts";
import { type Html, html, type Part } from "../../html.ts";
import { causeOf, correlationOf } from "../../parts/correlation.ts";
import { accepting, curlPanel } from "../../parts/curl.ts";
import { nameOf, shortened, streamLink, streamPath, typeOf } from "../../parts/name.ts";
import { agoOf, dateOf, grouped } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";
import { crumbsOf } from "../stream/crumbs.ts";
import { type Causation, causationOf } from "./causation.ts";
import { causedPanel } from "./caused-panel.ts";
import { changesPanel } from "./changes.ts";
import { contentOf, contentPanel, viewOf } from "./content.ts";
import { linksIn } from "./links.ts";
import { placesPanel, type Standing, standingsOf } from "./places.ts";
import { proofPanel } from "./proof.ts";

/** @throws Refusal as a read of the event */
export async function event(frame: Frame): Promise<Screen> {
	const { visit } = frame;
	const { store, query } = visit;
	const entry = await entryOf(visit);
	const { event: shown } = entry;
	const path = pathOf(visit, shown);
	const correlation = correlationOf(shown.metadata);
	const [standings, changes, causation] = await Promise.all([
		standingsOf(store, shown),
		changesPanel(store, shown),
		correlation === undefined
			? undefined
			: causationOf(store, correlation, shown, query.get("caused") === "all"),
	]);
	const links = await linksIn(store, contentOf(shown), causation);
	const view = viewOf(shown, query.get("view") ?? "");
	const from = Number(/^\d{1,9}$/.exec(query.get("from") ?? "0")?.[0] ?? 0);
	return screenOf(frame, {
		title: `${shown.type} · ${shown.stream}/${shown.version}`,
		place: "streams",
		crumbs: html`${crumbsOf(shown.stream)} / ${streamLink(shown.stream)} / ${shown.version}`,
		heading: typeOf(shown.type, frame.types.hues),
		facts: factsOf(frame, shown),
		note: noteOf(entry),
		actions: actionsOf(
			visit,
			shown,
			standings.find(({ stream }) => stream === shown.stream),
		),
		main: html`${contentPanel(shown, { view, from, links, path })}${changes}${caused(frame, shown, correlation, causation)}`,
		aside: html`${placesPanel(standings)}${await proofPanel(store, shown, path)}${identity(shown, causation)}${curlPanel(visit, visit.base + path, accepting("application/json"))}`,
		keys: [...STEP_KEYS, TIME_KEY, COPY_KEY],
	});
}

/** An event that was asked for in `$all` may be hidden in its own stream. */
function pathOf({ target }: Visit, { stream, version, position }: RecordedEvent): string {
	return target.stream === ALL
		? eventUrl("", ALL, Number(position))
		: eventUrl("", stream, version);
}

async function entryOf({ store, target }: Visit): Promise<StreamEntry> {
	const stream = parseStreamName(target.stream);
	const at = parseAt(stream, target.from);
	const range = { stream, from: at, limit: 1, direction: "backward", content: true } as const;
	const { last, entries } = await store.read(range);
	if (last < 0) throw new Refusal("stream-not-found", { stream });
	const [entry] = entries;
	if (entry && !entry.unresolved) return entry;
	throw new Refusal("event-not-found", { stream, eventNumber: at === "head" ? Number(last) : at });
}

function factsOf({ now }: Frame, { stream, version, created }: RecordedEvent): Part {
	const text = new Date(created).toISOString();
	return html`<span class="mono">${nameOf(stream)}/<b>${version}</b></span><span>${dateOf(created)} <b><time datetime="${text}" data-local>${text.slice(11, 23)}</time></b> UTC</span><span data-local-for hidden></span><span>${agoOf(created, now)}</span>`;
}

/** The entry that was asked for is a link to this event. */
function noteOf({ link, event: shown }: StreamEntry): Part {
	if (!link) return undefined;
	return html`<p class="note">Event ${link.version} of ${streamLink(link.stream)} is a link to this one, which is event ${shown.version} of ${streamLink(shown.stream)}.</p>`;
}

function actionsOf({ store }: Visit, shown: RecordedEvent, own: Standing | undefined): Part {
	const { stream, version } = shown;
	const step = (path: string | undefined, text: string, key: string, none: string) =>
		path === undefined
			? html`<span class="button" aria-disabled="true">${none}</span>`
			: html`<a class="button" href="${path}" data-key="${key}">${text}</a>`;
	const canRedact =
		!stream.startsWith("$$") && stream !== ALL && !shown.isRedacted && store.may("redact", stream);
	return [
		step(own?.before, `← ${Number(version) - 1}`, "ArrowLeft", "the first"),
		step(
			own?.after,
			`${Number(version) + 1} →`,
			"ArrowRight",
			`${Number(version) + 1} not there yet`,
		),
		html`<a class="button" href="${streamPath(stream)}?as-of=${version}" data-key="t">As of <kbd class="wide needs-script">t</kbd></a>`,
		canRedact &&
			html`<a class="button" href="${streamPath(stream, `/${version}`)}?deed=redact" data-dialog>Redact</a>`,
	];
}

function caused(
	frame: Frame,
	shown: RecordedEvent,
	correlation: string | undefined,
	causation: Causation | undefined,
): Part {
	if (correlation !== undefined && causation)
		return causedPanel(frame, causation, correlation, shown);
	return html`<section class="panel" aria-labelledby="caused"><header><h2 id="caused">What caused what</h2></header><div class="body"><p class="none">This event names no correlation. If events are appended with <code>$correlationId</code> and <code>$causationId</code> in their metadata, their story is drawn here.</p></div></section>`;
}

function identity(shown: RecordedEvent, causation: Causation | undefined): Html {
	const cause = causeOf(shown.metadata);
	const rows = causation?.rows ?? [];
	const row = rows.findIndex(({ event: { position } }) => position === shown.position);
	const effects = rows.filter(({ cause: of }) => of === row && row >= 0).slice(0, 10);
	const found = cause === undefined ? undefined : rows.find(({ event: { id } }) => id === cause);
	return html`<section class="panel" aria-labelledby="identity"><header><h2 id="identity">Identity</h2></header><div class="body"><dl class="facts-list">
<dt>Id</dt><dd class="mono">${shown.id}</dd><dt>Position</dt><dd class="mono">${grouped(Number(shown.position))}</dd>
${cause !== undefined && html`<dt>Caused by</dt><dd>${found ? linkTo(found.event) : html`<span class="mono">${visible(cause.slice(0, 100))}</span>`}</dd>`}
${effects.length > 0 && html`<dt>Causes</dt><dd>${effects.map(({ event: effect }) => html`${linkTo(effect)} `)}</dd>`}</dl></div></section>`;
}

function linkTo({ type, stream, version }: RecordedEvent): Html {
	return html`<a href="${eventUrl("", stream, version)}">${shortened(type)}</a> <span class="mono none">${nameOf(stream)}/${version}</span>`;
}
