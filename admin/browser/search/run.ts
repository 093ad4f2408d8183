/**
 * A search goes on by itself: the next part is asked for where the last one ended, and its rows are
 * added below, until all is searched, a limit is reached, or somebody stops it.
 */
import { tellTimes } from "../times.js";

export function goOnSearching(): void {
	const state = document.getElementById("search-found");
	if (state?.dataset.url) void new RunningSearch(state).run();
}

class RunningSearch {
	readonly #state: HTMLElement;
	readonly #left = new AbortController();
	readonly #total: number;
	#url: string | undefined;
	#found: number;
	#searched: number;

	constructor(state: HTMLElement) {
		const { url, found, searched, total } = state.dataset;
		this.#state = state;
		this.#url = url;
		this.#found = Number(found);
		this.#searched = Number(searched);
		this.#total = Number(total);
		stopButton()?.addEventListener("click", () => this.#left.abort());
		document.addEventListener("keydown", ({ key }) => {
			if (key === "Escape" && !document.querySelector("dialog[open]")) this.#left.abort();
		});
	}

	async run(): Promise<void> {
		const { foundMax, msMax } = this.#state.dataset;
		const endMs = performance.now() + Number(msMax);
		this.#show(true);
		let said = "Stopped. What was found stays.";
		while (!this.#left.signal.aborted) {
			if (this.#url === undefined) said = "All searched.";
			else if (this.#found >= Number(foundMax))
				said = "So many are shown at a time. “Go on” shows the next.";
			else if (performance.now() > endMs)
				said = "A search takes so long at a time. “Go on” searches further.";
			else if (await this.#next(this.#url)) continue;
			else if (!this.#left.signal.aborted) said = "Cut off. “Go on” tries again.";
			break;
		}
		this.#show(false);
		const line = document.getElementById("search-said");
		if (line) line.textContent = said;
		const none = document.querySelector("#search-none h2");
		if (none && this.#url === undefined) none.textContent = "No event found";
	}

	/** @returns whether there was an answer */
	async #next(url: string): Promise<boolean> {
		try {
			const headers = { Accept: "text/html" };
			const answer = await fetch(url, { headers, signal: this.#left.signal });
			if (!answer.ok) return false;
			this.#take(new DOMParser().parseFromString(await answer.text(), "text/html"));
			return true;
		} catch {
			return false;
		}
	}

	#take(page: Document): void {
		const part = page.getElementById("search-found")?.dataset ?? {};
		this.#url = part.url;
		this.#found += Number(part.found ?? 0);
		this.#searched += Number(part.searched ?? 0);
		const rows = page.querySelectorAll("#search-rows > tr");
		document.getElementById("search-rows")?.append(...rows);
		if (rows.length > 0) {
			document.getElementById("search-table")?.removeAttribute("hidden");
			document.getElementById("search-none")?.remove();
			tellTimes();
		} else addUp(page);
		const [old, now] = [document, page].map((one) => one.querySelector("[data-is=reached]"));
		if (old && now?.hasChildNodes()) old.replaceWith(document.adoptNode(now));
		this.#tell("found", this.#found);
		this.#tell("searched", this.#searched);
		const bar = this.#state.querySelector("progress");
		if (bar) bar.value = this.#url === undefined ? this.#total : this.#searched;
	}

	#tell(what: string, count: number): void {
		const place = this.#state.querySelector(`[data-is=${what}]`);
		if (place) place.textContent = count.toLocaleString("en-US");
	}

	#show(isRunning: boolean): void {
		const stop = stopButton();
		if (stop) stop.hidden = !isRunning;
		const skeleton = document.getElementById("search-skeleton");
		if (skeleton) skeleton.hidden = !isRunning;
		const on = document.getElementById("search-on") as HTMLAnchorElement | null;
		if (!on) return;
		on.hidden = isRunning || this.#url === undefined;
		if (this.#url !== undefined) on.href = this.#url;
	}
}

function stopButton(): HTMLButtonElement | null {
	return document.getElementById("search-stop") as HTMLButtonElement | null;
}

/** Adds what each condition found by itself in this part to what it found in the parts before. */
function addUp(page: Document): void {
	for (const place of document.querySelectorAll<HTMLElement>("#search-none [data-sum]")) {
		const more = page.querySelector<HTMLElement>(`[data-sum=${place.dataset.sum}]`);
		const sum = Number(place.dataset.count) + Number(more?.dataset.count ?? 0);
		place.dataset.count = String(sum);
		place.textContent = sum.toLocaleString("en-US");
	}
}
