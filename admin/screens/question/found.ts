/**
 * What came of a question. `admin/browser/search/ask.ts` fills the same places while it runs, so
 * all of them are there from the beginning, and those with nothing to say are hidden.
 */
import type {
	QuestionEnd,
	QuestionProgress,
	QuestionStep,
} from "../../../src/projections/asking/question.ts";
import type { StateText } from "../../../src/projections/keeping/keeper.ts";
import type { Fault } from "../../../src/projections/script/script.ts";
import { type Html, html, type Part } from "../../html.ts";
import { grouped } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";
import { faultFacts } from "../projections/fault.ts";
import { stateRows } from "../projections/states.ts";

/** The script shows as many. */
const PARTITIONS_SHOWN = 100;
const LINES_SHOWN = 100;

const ENDS: Readonly<Record<QuestionEnd["reason"], readonly [tone: string, words: string]>> = {
	completed: ["ok", "completed"],
	"time-max": ["warn", "out of time"],
	"states-max": ["bad", "too much state"],
	faulted: ["bad", "faulted"],
};

/** Takes in the steps of a question, as far as they are shown. */
export class Found {
	/** In the order in which they were met. */
	readonly states = new Map<string, StateText>();
	readonly lines: (readonly [position: number, text: string])[] = [];
	progress: QuestionProgress | undefined;

	take({ states, emitted, log, progress }: QuestionStep): void {
		for (const [partition, text] of states) {
			const isShown = this.states.has(partition) || this.states.size < PARTITIONS_SHOWN;
			if (isShown) this.states.set(partition, text);
		}
		for (const { position, text } of log) this.#say(position, text);
		for (const { position, stream, type, data } of emitted) {
			this.#say(position, `→ ${stream}: ${type} ${data}`);
		}
		this.progress = progress;
	}

	#say(position: number, text: string): void {
		if (this.lines.length < LINES_SHOWN) this.lines.push([position, text]);
	}
}

/** How far it is, in a line. */
export function stateLine(found: Found | undefined): Html {
	const { next = 0, end = 0, read = 0, milliseconds = 0, over } = found?.progress ?? {};
	const [tone, words] = over ? ENDS[over.reason] : ["", ""];
	const percent = end === 0 ? 100 : Math.floor((1000 * next) / end) / 10;
	const rate = milliseconds < 1 ? 0 : Math.round((1000 * read) / milliseconds);
	const shown: readonly (readonly [is: string, value: string, unit: string])[] = [
		["read", grouped(read), "events read"],
		["handled", grouped(found?.progress?.handled ?? 0), "handled"],
		["position", grouped(Math.max(0, next - 1)), `of ${grouped(Math.max(0, end - 1))} positions`],
		["percent", String(percent), "%"],
		["rate", grouped(rate), "events/s"],
	];
	const figures = shown.map(
		([is, value, unit]) =>
			html`<span><b data-is="${is}">${value}</b> <span data-unit="${is}">${unit}</span></span>`,
	);
	return html`<div class="question-line" id="question-found"${!found && html` hidden`}>
<progress value="${next}" max="${Math.max(1, end)}" aria-label="How far it is"></progress>
<p>${figures}<span class="badge ${tone}" id="question-end" role="status">${words}</span></p></div>`;
}

export function foundPanels(found: Found | undefined, query: string): Html {
	const { over, partitions = 0 } = found?.progress ?? {};
	const fault = over?.reason === "faulted" ? over.fault : undefined;
	const states = [...(found?.states ?? [])];
	const rows = stateRows(states.map(([partition, text]) => ({ partition, ...text })));
	const more = partitions > states.length;
	const left = html`<p class="foot" id="question-more"${!more && html` hidden`}><span>The first ${grouped(PARTITIONS_SHOWN)} partitions are shown. The command beside tells all.</span></p>`;
	return html`${faultPanel(fault, over, query)}
${panel("states", "States", states.length > 0, html`<span class="badge" id="question-partitions">${grouped(partitions)}</span>`, html`<dl class="states" id="question-states">${rows}</dl>${left}`)}
${panel("said", "Logged and emitted", (found?.lines.length ?? 0) > 0, undefined, html`<dl class="states said" id="question-said">${found?.lines.map(saidRow)}</dl>`)}`;
}

function saidRow([position, text]: readonly [number, string]): Html {
	return html`<dt class="mono">${grouped(position)}</dt><dd><code>${visible(text)}</code></dd>`;
}

function faultPanel(fault: Fault | undefined, over: QuestionEnd | undefined, query: string): Html {
	const text = over?.reason === "states-max" ? html`<p>${over.detail}</p>` : undefined;
	const facts = fault ? faultFacts(fault, query) : text;
	return panel(
		"fault",
		"What stopped it",
		facts !== undefined,
		undefined,
		html`<div class="body" id="question-fault">${facts}</div>`,
	);
}

function panel(name: string, title: string, isShown: boolean, badge: Part, body: Html): Html {
	return html`<section class="panel" id="${name}-panel" aria-labelledby="${name}"${!isShown && html` hidden`}><header><h2 id="${name}">${title}</h2>${badge}</header>${body}</section>`;
}
