/** The settings of a webhook, as sentences, and as the form has them. */

import type { WebhookSettings } from "../../../src/push/webhooks/settings.ts";
import type { Webhook } from "../../../src/push/webhooks/webhook.ts";
import { type Html, html, type Part } from "../../html.ts";
import { counted, grouped, spanOf } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";

const FORMATS: Readonly<Record<WebhookSettings["format"], string>> = {
	cloudevents: "Each request is one event, as a CloudEvent in JSON.",
	"cloudevents-binary":
		"Each request is one event, as a CloudEvent with its attributes in headers.",
	"cloudevents-batch": "Each request is a batch of CloudEvents.",
	json: "Each request is one event, as JSON.",
};

/** What the form shows: where it began stays as it is. */
export function settingsOf({ settings, start }: Webhook): object {
	return { ...settings, start };
}

export function settingsInWords(settings: WebhookSettings): Html {
	const { filter, format, payload, payloadBytesMax, order, concurrency, batchMax } = settings;
	const { tries, backoffMs, backoffMsMax, timeoutMs, ratePerSecond, description } = settings;
	const lines: readonly Part[] = [
		...(description === "" ? [] : [visible(description)]),
		filter
			? html`Only events whose ${filter.context === "streamid" ? "stream" : "type"} ${filter.type === "prefix" ? "begins with" : "matches"} <b class="mono">${visible(filter.data)}</b>.`
			: "All events of the stream.",
		batchMax > 1 ? `${FORMATS[format]} At most ${grouped(batchMax)} together.` : FORMATS[format],
		payload === "thin"
			? "Thin: with links in place of data."
			: `Full: with data and metadata, up to ${grouped(payloadBytesMax)} bytes.`,
		order === "none"
			? "No order is kept."
			: html`In order for each ${order === "stream" ? "stream" : html`value of <b class="mono">${visible(order)}</b>`}.`,
		`${counted(concurrency, "request")} at a time${ratePerSecond === 0 ? "" : `, ${grouped(ratePerSecond)} a second`}; each has ${spanOf(timeoutMs)}.`,
		`Parked after ${counted(tries, "try", "tries")}, with pauses of ${spanOf(backoffMs)} at first and ${spanOf(backoffMsMax)} at most.`,
	];
	return html`<ul class="says">${lines.map((line) => html`<li>${line}</li>`)}</ul>`;
}
