/**
 * A query is sent as it stands in the field, and what comes of it is shown while it runs. To stop
 * it is to close the connection: the server then stops, too.
 */
import { type End, type Line, type Progress, ShownAnswer } from "./answer.js";

/** A longer query makes no URL. */
const LINK_CHARACTERS = 4000;

export function askQuestions(form: HTMLFormElement): void {
	const field = form.elements.namedItem("query") as HTMLTextAreaElement;
	let running: AbortController | undefined;
	const stop = () => running?.abort();
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		stop();
		running = new AbortController();
		void new RunningQuestion(form, field, running.signal).run();
	});
	field.addEventListener("keydown", (event) => {
		if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
		event.preventDefault();
		form.requestSubmit();
	});
	document.getElementById("question-stop")?.addEventListener("click", stop);
	document.addEventListener("keydown", ({ key }) => {
		if (key === "Escape" && !document.querySelector("dialog[open]")) stop();
	});
}

class RunningQuestion {
	readonly #form: HTMLFormElement;
	readonly #field: HTMLTextAreaElement;
	readonly #signal: AbortSignal;
	readonly #query: string;

	constructor(form: HTMLFormElement, field: HTMLTextAreaElement, signal: AbortSignal) {
		this.#form = form;
		this.#field = field;
		this.#signal = signal;
		this.#query = field.value;
	}

	async run(): Promise<void> {
		const shown = new ShownAnswer(this.#query);
		this.#keepUrl();
		this.#refuse(undefined);
		this.#showStop(true);
		try {
			const answer = await fetch(this.#form.dataset.url ?? "", {
				method: "POST",
				headers: { Accept: "application/x-ndjson", "Content-Type": "application/javascript" },
				body: this.#query,
				signal: this.#signal,
			});
			if (answer.ok && answer.body) await this.#follow(answer.body, shown);
			else {
				shown.hide();
				this.#refuse(await detailOf(answer));
			}
		} catch {
			if (this.#signal.aborted) shown.end("", "cancelled");
			else shown.end("bad", "cut off");
		}
		this.#showStop(false);
	}

	async #follow(body: ReadableStream<Uint8Array>, shown: ShownAnswer): Promise<void> {
		let end: (Progress & End) | undefined;
		for await (const line of linesOf(body)) {
			if (this.#signal.aborted) break;
			const told = JSON.parse(line) as Line;
			shown.take(told);
			end = told.end ?? end;
		}
		this.#signal.throwIfAborted();
		if (end === undefined) throw new Error("the answer was cut off");
		if (end.problem) this.#refuse(end.problem.detail);
	}

	/** The page has the URL of its query, if that is short enough for one. */
	#keepUrl(): void {
		const query = this.#query.length > LINK_CHARACTERS ? "" : this.#query;
		const words = new URLSearchParams({ by: "query", ...(query === "" ? {} : { query }) });
		const base = document.documentElement.dataset.base ?? "";
		history.replaceState(history.state, "", `${base}/search?${words}`);
	}

	#refuse(detail: string | undefined): void {
		const wrong = document.getElementById("wrong");
		if (wrong) {
			wrong.hidden = detail === undefined;
			wrong.textContent = detail ?? "";
		}
		if (detail === undefined) this.#field.removeAttribute("aria-invalid");
		else this.#field.setAttribute("aria-invalid", "true");
	}

	#showStop(isRunning: boolean): void {
		const stop = document.getElementById("question-stop");
		if (stop) stop.hidden = !isRunning;
	}
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
	const reader = body
		.pipeThrough(new TextDecoderStream() as never)
		.getReader() as ReadableStreamDefaultReader<string>;
	let rest = "";
	for (;;) {
		const { done, value } = await reader.read();
		if (done) return;
		const lines = (rest + value).split("\n");
		rest = lines.pop() ?? "";
		yield* lines;
	}
}

async function detailOf(answer: Response): Promise<string> {
	try {
		const { detail } = (await answer.json()) as { detail?: string };
		if (detail) return detail;
	} catch {
		// Somebody else has answered.
	}
	return `The server answered with ${answer.status}.`;
}
