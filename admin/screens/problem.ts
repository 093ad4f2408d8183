/** A refusal as a page: what happened, what is known, and the ways on. */
import { parseStreamName, type StreamName } from "../../src/event.ts";
import { eventUrl } from "../../src/http/urls.ts";
import type { Screen, ShownProblem } from "../../src/screens.ts";
import { type Frame, screenOf } from "../frame/frame.ts";
import { type Html, html, type Part } from "../html.ts";
import { accepting, curlPanel } from "../parts/curl.ts";
import { nameOf, shortened, streamPath } from "../parts/name.ts";
import { counted, grouped } from "../parts/numbers.ts";
import { visible, visibleText } from "../parts/visible.ts";

type Said = { readonly heading: Part; readonly say: Part; readonly ways: readonly Html[] };

export async function problemScreen(frame: Frame, problem: ShownProblem): Promise<Screen> {
	const { heading, say, ways } = await saidOf(frame, problem);
	return screenOf(frame, {
		title: visibleText(problem.title),
		place: undefined,
		status: problem.status,
		main: html`<div class="problem"><p class="status">${problem.status}</p><div>
<h1>${heading}</h1><p class="say">${say}</p>
<p class="ways">${ways}</p>
<section class="panel" aria-labelledby="program"><header><h2 id="program">What a program gets</h2><span class="more">problem+json</span></header>
<div class="body"><pre class="code" tabindex="0">${JSON.stringify(problem, null, 2)
			.split("\n")
			.map((line, at) => [
				at > 0 ? "\n" : "",
				indented(line),
			])}</pre></div></section>${curlOf(frame)}</div></div>`,
	});
}

/** A refused form gets no command: whoever pasted it would send the deed once more. */
function curlOf({ visit }: Frame): Part {
	const { method, base, url } = visit;
	if (method !== "GET" || !url.startsWith("/")) return undefined;
	return curlPanel(visit, base + url, "-i", accepting("application/json"));
}

/** The server wrote the spaces in front, so they need no mark as a client's characters do. */
function indented(line: string): Part {
	const text = line.trimStart();
	return [" ".repeat(line.length - text.length), visible(text)];
}

async function saidOf(frame: Frame, problem: ShownProblem): Promise<Said> {
	const stream = streamOf(problem);
	const general: Said = {
		heading: problem.title,
		say: visible(problem.detail),
		ways: [...retry(problem), toStreams(), toOverview()],
	};
	if (stream === undefined) return general;
	const known = await lastOf(frame, stream);
	switch (wordOf(problem)) {
		case "event-not-found":
			return noEvent(stream, Number(problem.eventNumber), known);
		case "stream-not-found":
			return noStream(stream);
		case "stream-deleted":
			return deleted(stream);
		default:
			return { ...general, ways: [...retry(problem), toStream(stream), toStreams(), toOverview()] };
	}
}

function noEvent(stream: StreamName, number: number, last: number): Said {
	const has = last < 0 ? "It shows no events." : `Its newest event is ${grouped(last)}.`;
	const why =
		number > last
			? "It may get that number one day; nothing was deleted here."
			: "The event was hidden by the stream's metadata, or erased.";
	const newest =
		last < 0
			? []
			: [html`<a href="${eventUrl("", stream, last)}">Event ${grouped(last)}, the newest</a>`];
	return {
		heading: html`${nameOf(stream)} has no event ${grouped(number)}`,
		say: `${has} ${why}`,
		ways: [...newest, toStream(stream), toStreams()],
	};
}

function noStream(stream: StreamName): Said {
	const begin = stream.slice(0, Math.max(1, Math.ceil(stream.length / 2)));
	const near = `/streams?prefix=${encodeURIComponent(begin)}`;
	return {
		heading: html`No stream ${nameOf(stream)}`,
		say: "It has no events. Names are compared letter by letter, capitals too.",
		ways: [
			html`<a href="${near}">Streams that begin with ${shortened(begin)}</a>`,
			toStreams(),
			toOverview(),
		],
	};
}

function deleted(stream: StreamName): Said {
	return {
		heading: html`${nameOf(stream)} was deleted for ever`,
		say: html`Nothing can be read from it or appended to it again. <code>$all</code> goes on showing its events until a scavenge erases their content.`,
		ways: [html`<a href="/streams/%24all">All events</a>`, toStreams(), toOverview()],
	};
}

/** The link asks for the same URL again, and says for how long the server wants people to wait. */
function retry({ status, retryAfterSeconds }: ShownProblem): Html[] {
	if (status !== 503) return [];
	const wait =
		typeof retryAfterSeconds === "number" ? ` in ${counted(retryAfterSeconds, "second")}` : "";
	return [html`<a href="">Try again${wait}</a>`];
}

function toStream(stream: StreamName): Html {
	return html`<a href="${streamPath(stream)}">All events of ${nameOf(stream)}</a>`;
}

function toStreams(): Html {
	return html`<a href="/streams">All streams</a>`;
}

function toOverview(): Html {
	return html`<a href="/">Overview</a>`;
}

function wordOf({ type }: ShownProblem): string {
	return type.slice(type.lastIndexOf(":") + 1);
}

/** If the server refused the name itself, no link can lead to that stream. */
function streamOf({ stream }: ShownProblem): StreamName | undefined {
	if (typeof stream !== "string") return undefined;
	try {
		return parseStreamName(stream);
	} catch {
		return undefined;
	}
}

async function lastOf({ visit }: Frame, stream: StreamName): Promise<number> {
	return visit.store.last(stream).then(Number, () => -1);
}
