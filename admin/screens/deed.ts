/** The forms of deeds that take something away: they say what goes and what stays, and are slow. */
import { Refusal } from "../../src/errors.ts";
import { parseStreamName, type StreamName } from "../../src/event.ts";
import { isDeletable } from "../../src/indexes/joins.ts";
import type { Screen, ShownProblem, Visit } from "../../src/screens.ts";
import { type Frame, screenOf } from "../frame/frame.ts";
import { type Html, html, type Part } from "../html.ts";
import { nameOf, streamPath } from "../parts/name.ts";
import { counted, grouped } from "../parts/numbers.ts";
import { hasUnseen, visible } from "../parts/visible.ts";
import { type About, curlOf, type Deed } from "./deed-request.ts";
import { crumbsOf } from "./stream/crumbs.ts";

/** What a person types to confirm: the name, or if that cannot be typed, the number of events. */
export function confirmationOf(stream: StreamName, last: number): string {
	return hasUnseen(stream) || stream.length > 200 ? String(last + 1) : stream;
}

/** @throws Refusal `stream-not-writable`, `event-not-found`, and as a read */
export async function deedScreen(
	frame: Frame,
	deed: Deed,
	refused?: ShownProblem,
): Promise<Screen> {
	const { visit } = frame;
	const about = await aboutOf(visit, deed);
	const { stream } = about;
	const title = titleOf(deed, about);
	return screenOf(frame, {
		title: `${TITLES[deed]} ${stream}`,
		place: "streams",
		status: refused?.status ?? 200,
		crumbs: html`${crumbsOf(stream)} / <a href="${streamPath(stream)}" class="mono">${nameOf(stream)}</a>`,
		heading: title,
		main: html`<section class="panel"><div class="body"><form class="deed" method="post" action="${streamPath(stream)}" data-deed="${confirmationOf(stream, about.last)}">
${refused && html`<p class="note bad" role="alert">${visible(refused.detail)}</p>`}
<input type="hidden" name="_token" value="${visit.token}"><input type="hidden" name="action" value="${deed}"><input type="hidden" name="event" value="${about.version}">
${BODIES[deed](about)}${confirmation(about, deed)}</form></div></section>`,
		aside: await curlOf(visit, deed, about),
	});
}

const TITLES: Readonly<Record<Deed, string>> = {
	delete: "Delete",
	truncate: "Truncate",
	redact: "Redact an event of",
};

function titleOf(deed: Deed, { stream, version }: About): Html {
	if (deed === "redact")
		return html`Redact event ${version} of <span class="mono">${nameOf(stream)}</span>`;
	return html`${TITLES[deed]} <span class="mono">${nameOf(stream)}</span>`;
}

async function aboutOf({ target, store }: Visit, deed: Deed): Promise<About> {
	const stream = parseStreamName(target.stream);
	if (!isDeletable(stream, false))
		throw new Refusal("stream-not-writable", { stream, attempt: "delete" });
	const last = Number(await store.last(stream));
	if (last < 0) throw new Refusal("stream-not-found", { stream });
	const version = deed === "redact" ? Number(target.from) : -1;
	if (deed === "redact" && !(version >= 0 && version <= last)) {
		throw new Refusal("event-not-found", { stream, eventNumber: version });
	}
	return { stream, last, version };
}

const ALL_GOES_ON = html`<b class="mono">$all</b> goes on showing them until a scavenge erases their content.`;

const BODIES: Readonly<Record<Deed, (about: About) => Html>> = {
	delete: ({ stream, last }) => {
		const soft = `Readers get 404. The next append brings it back, from ${grouped(last + 1)} on.`;
		const hard = "Readers get 410. No event can ever be appended under this name again.";
		const events = html`<b>${counted(last + 1, "event")}</b>`;
		return html`${way("soft", "Delete, can come back", soft)}${
			isDeletable(stream, true) && way("hard", "Delete for ever", hard)
		}${says(
			html`${events} disappear from the stream, its category and its types.`,
			ALL_GOES_ON,
			"Numbers, ids and proofs in the log stay valid.",
		)}`;
	},
	truncate: ({ last }) =>
		html`<label class="field">Hide all events before number${numberField(last + 1)}</label>${says(
			"The events before it disappear from the stream, its category and its types.",
			ALL_GOES_ON,
			"The number stands in the stream's metadata. A smaller one shows them again, if they are not erased.",
		)}`,
	redact: () =>
		html`<label class="check"><input type="checkbox" name="metadata" value="yes"><span>Its metadata, too</span></label>${says(
			"The data is erased on disk. No copy stays in this log, and none can be brought back from it.",
			"The event stays: its number, its id, its type, its time and its proof.",
			"Backups keep the data until their next run, caches until they are purged.",
		)}`,
};

function way(value: string, name: string, said: string): Html {
	const checked = value === "soft" ? html` checked` : "";
	return html`<label class="check"><input type="radio" name="how" value="${value}"${checked}><span>${name}<small>${said}</small></span></label>`;
}

function numberField(value: number): Html {
	return html`<input class="mono" name="before" inputmode="numeric" pattern="\\d+" required size="12" value="${value}">`;
}

function says(...lines: readonly Part[]): Html {
	return html`<ul class="says">${lines.map((line) => html`<li>${line}</li>`)}</ul>`;
}

const REQUESTS: Readonly<Record<Deed, string>> = {
	delete: "DELETE · ES-HardDelete: true for ever",
	truncate: "POST …/metadata · $tb",
	redact: "DELETE …/data",
};
const BUTTONS: Readonly<Record<Deed, string>> = {
	delete: "Delete",
	truncate: "Truncate",
	redact: "Redact for ever",
};

function confirmation({ stream, last }: About, deed: Deed): Html {
	const wanted = confirmationOf(stream, last);
	const what =
		wanted === stream
			? html`type <b class="mono">${visible(stream)}</b>`
			: html`type the number of its events, <b class="mono">${wanted}</b>`;
	return html`<label class="field"><span>To do it, ${what}</span><input class="mono" name="confirm" required autocomplete="off" spellcheck="false" autofocus></label>
<p class="hint" id="deed-left" role="status"></p>
<p class="buttons"><span class="mono sent">${REQUESTS[deed]}</span><a class="button" href="${streamPath(stream)}" data-close>Keep it</a><button type="submit" class="danger">${BUTTONS[deed]}</button></p>`;
}
