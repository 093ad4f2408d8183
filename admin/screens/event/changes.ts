/** What an event changed against the one of its type before it in its stream. */
import type { RecordedEvent } from "../../../src/event.ts";
import { eventUrl } from "../../../src/http/urls.ts";
import type { Store } from "../../../src/screens.ts";
import { type Html, html } from "../../html.ts";
import { differenceOf, diffOf, noDifference, summaryOf } from "../../parts/json/diff.ts";
import { type Json, readJson } from "../../parts/json/json.ts";
import { textOf } from "../../parts/json/preview.ts";
import { shortened } from "../../parts/name.ts";
import { durationOf, grouped, sizeOf } from "../../parts/numbers.ts";
import { previousOfType } from "../stream/filter.ts";

/** Larger documents are not compared: reading them would hold up other requests. */
const COMPARED_BYTES = 512 * 1024;
const NODES_MAX = 50_000;

export async function changesPanel(store: Store, event: RecordedEvent): Promise<Html> {
	const before = await previousOfType(store, event.stream, event.type, Number(event.version));
	if (before === undefined) {
		return panel(html`<h2 id="changes">What changed</h2>`, noDifference(firstOf(event)));
	}
	const { version, created } = before.event;
	const link = html`<a href="${eventUrl("", event.stream, version)}">${grouped(Number(version))}</a>`;
	const said = html`<h2 id="changes">Changed since ${link}</h2><span class="more">the ${shortened(event.type)} before it, ${durationOf(event.created - created)} earlier</span>`;
	const [old, now] = [before.event, event].map(jsonOf);
	if (!old || !now) return panel(said, noDifference(notCompared(before.event, event)));
	const difference = differenceOf(old, now);
	return panel(
		html`${said}<span class="more">${summaryOf(difference)}</span>`,
		difference.changes.length === 0 ? noDifference("The data is the same.") : diffOf(difference),
	);
}

function panel(head: Html, body: Html): Html {
	return html`<section class="panel" aria-labelledby="changes"><header>${head}</header>${body}</section>`;
}

function firstOf({ type, version }: RecordedEvent) {
	const near = Number(version) > 500 ? "among the 500 events before it" : "in this stream";
	return html`The first ${shortened(type)} ${near}.`;
}

function notCompared(...events: readonly RecordedEvent[]): string {
	if (events.some(({ isRedacted }) => isRedacted))
		return "Not compared: the content of one was erased.";
	const large = events.find(({ data }) => data.length > COMPARED_BYTES);
	if (large) return `Not compared: more than ${sizeOf(COMPARED_BYTES)}.`;
	return "Not compared: one of them is not JSON.";
}

function jsonOf({ data, isJson, isRedacted }: RecordedEvent): Json | undefined {
	if (isRedacted || !isJson || data.length === 0 || data.length > COMPARED_BYTES) return undefined;
	const text = textOf(data, COMPARED_BYTES);
	return text === undefined ? undefined : readJson(text, NODES_MAX);
}
