/** The answer to a question on the page: figures, states, what was said, and how it ended. */
import { seen } from "./seen.js";

export type Progress = {
	readonly position: number;
	readonly of: number;
	readonly percent: number;
	readonly read: number;
	readonly handled: number;
	readonly partitions: number;
	readonly eventsPerSecond: number;
};
export type End = {
	readonly reason: string;
	readonly fault?: Fault;
	readonly detail?: string;
	readonly problem?: { readonly detail: string };
};
export type Line = {
	readonly state?: {
		readonly partition: string;
		readonly state: unknown;
		readonly result?: unknown;
	};
	readonly log?: { readonly position: number; readonly text: string };
	readonly emitted?: Emitted;
	readonly progress?: Progress;
	readonly end?: Progress & End;
};

type Emitted = {
	readonly position: number;
	readonly stream: string;
	readonly type: string;
	readonly data: string;
};
type Fault = {
	readonly description: string;
	readonly line?: number;
	readonly column?: number;
	readonly during?: string;
	readonly event?: {
		readonly stream: string;
		readonly number: number;
		readonly type: string;
		readonly position: number;
	};
};

const PARTITIONS_SHOWN = 100;
const LINES_SHOWN = 100;
const STATE_CHARACTERS = 2000;
const ENDS: Readonly<Record<string, readonly [tone: string, words: string]>> = {
	completed: ["ok", "completed"],
	"time-max": ["warn", "out of time"],
	"states-max": ["bad", "too much state"],
	faulted: ["bad", "faulted"],
	refused: ["bad", "refused"],
};

export class ShownAnswer {
	readonly #query: string;
	/** The elements of the states that are shown. */
	readonly #rows = new Map<string, { readonly state: Element; result: Element | undefined }>();

	/** Begins with nothing. */
	constructor(query: string) {
		this.#query = query;
		for (const name of ["states", "said", "fault"]) {
			show(`${name}-panel`, false);
			place(`question-${name}`)?.replaceChildren();
		}
		show("question-more", false);
		show("question-found", true);
		this.#progress({
			...{ position: 0, of: 0, percent: 0, read: 0, handled: 0 },
			...{ partitions: 0, eventsPerSecond: 0 },
		});
		this.end("accent", "running");
	}

	take({ state, log, emitted, progress, end }: Line): void {
		if (state) this.#state(state);
		if (log) this.#say(log.position, log.text);
		if (emitted) {
			const { position, stream, type, data } = emitted;
			this.#say(position, `→ ${stream}: ${type} ${data}`);
		}
		if (progress) this.#progress(progress);
		if (end === undefined) return;
		this.#progress(end);
		const [tone, words] = ENDS[end.reason] ?? ["bad", end.reason];
		this.end(tone, words);
		if (end.fault) this.#fault(end.fault);
		else if (end.detail) this.#stopped(make("p", end.detail));
	}

	/** Nothing was run. */
	hide(): void {
		show("question-found", false);
	}

	end(tone: string, words: string): void {
		const badge = place("question-end");
		if (!badge) return;
		badge.className = `badge ${tone}`;
		badge.textContent = words;
	}

	#progress(progress: Progress): void {
		const { position, of, read, handled, percent, partitions, eventsPerSecond } = progress;
		const bar = document.querySelector<HTMLProgressElement>("#question-found progress");
		if (bar) [bar.max, bar.value] = [100, percent];
		tell("read", grouped(read));
		tell("handled", grouped(handled));
		tell("position", grouped(Math.max(0, position)));
		tell("percent", String(percent));
		tell("rate", grouped(eventsPerSecond));
		const unit = document.querySelector("[data-unit=position]");
		if (unit) unit.textContent = `of ${grouped(Math.max(0, of))} positions`;
		const badge = place("question-partitions");
		if (badge) badge.textContent = grouped(partitions);
		show("question-more", partitions > PARTITIONS_SHOWN);
	}

	#state({ partition, state, result }: NonNullable<Line["state"]>): void {
		let row = this.#rows.get(partition);
		if (row === undefined) {
			if (this.#rows.size >= PARTITIONS_SHOWN) return;
			show("states-panel", true);
			row = { state: code("State"), result: undefined };
			this.#rows.set(partition, row);
			const name = make("span", partition === "" ? "the whole" : partition, "mono");
			place("question-states")?.append(around("dt", name), around("dd", row.state));
		}
		fill(row.state, JSON.stringify(state));
		if (result === undefined) {
			row.result?.closest("dd")?.remove();
			row.result = undefined;
			return;
		}
		if (row.result === undefined) {
			row.result = code("Result");
			const made = around("dd", make("span", "result", "hint"), row.result);
			made.className = "made";
			row.state.closest("dd")?.after(made);
		}
		fill(row.result, JSON.stringify(result));
	}

	#say(position: number, text: string): void {
		const list = place("question-said");
		if (!list || list.children.length >= 2 * LINES_SHOWN) return;
		show("said-panel", true);
		list.append(make("dt", grouped(position), "mono"), around("dd", make("code", text)));
	}

	#fault({ description, line, column, during, event }: Fault): void {
		const said = code("The fault");
		fill(said, description);
		const facts = make("dl", "", "facts-list");
		if (line !== undefined) {
			const where = around("dd", `line ${line}${column === undefined ? "" : `, column ${column}`}`);
			const text = this.#query.split("\n")[line - 1]?.trim() ?? "";
			if (text !== "") where.append(around("small", make("code", text.slice(0, 200))));
			facts.append(make("dt", "Place"), where);
		}
		if (during !== undefined) facts.append(make("dt", "In"), make("dd", during, "mono"));
		if (event) {
			const link = make("a", `${event.number}@${event.stream}`, "mono") as HTMLAnchorElement;
			const base = document.documentElement.dataset.base ?? "";
			link.href = `${base}/streams/${encodeURIComponent(event.stream)}/${event.number}`;
			const small = make("small", `${event.type}, position ${grouped(event.position)}`);
			facts.append(make("dt", "Event"), around("dd", link, small));
		}
		this.#stopped(said, facts);
	}

	#stopped(...parts: readonly Element[]): void {
		place("question-fault")?.replaceChildren(...parts);
		show("fault-panel", true);
	}
}

function place(id: string): HTMLElement | null {
	return document.getElementById(id);
}

function show(id: string, isShown: boolean): void {
	const found = place(id);
	if (found) found.hidden = !isShown;
}

function tell(what: string, text: string): void {
	const found = document.querySelector(`#question-found [data-is=${what}]`);
	if (found) found.textContent = text;
}

function grouped(count: number): string {
	return count.toLocaleString("en-US");
}

function make(name: string, text: string, kind = ""): HTMLElement {
	const made = document.createElement(name);
	if (kind !== "") made.className = kind;
	made.append(...seen(text));
	return made;
}

function around(name: string, ...parts: readonly (Element | string)[]): HTMLElement {
	const made = document.createElement(name);
	made.append(...parts);
	return made;
}

function code(label: string): HTMLElement {
	const made = make("pre", "", "code");
	made.tabIndex = 0;
	made.setAttribute("aria-label", label);
	return made;
}

function fill(element: Element, text: string): void {
	const isLong = text.length > STATE_CHARACTERS;
	element.replaceChildren(...seen(isLong ? `${text.slice(0, STATE_CHARACTERS)}…` : text));
}
