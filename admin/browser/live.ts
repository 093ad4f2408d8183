/**
 * New events of the page's stream. One connection tells that there are some; the rows come from the
 * server, at most once a second. While somebody reads (a row is open, or the page is scrolled) or
 * has paused, they wait behind a button that counts them.
 */
import { swapTo } from "./swap.js";

const REFRESH_MS = 1000;
const SCROLLED_PX = 80;
const RETRY_MS = 3000;

class Live {
	readonly #line: HTMLElement;
	readonly #word: HTMLElement;
	readonly #button: HTMLButtonElement;
	readonly #pause: HTMLButtonElement;
	#source: EventSource | undefined;
	#isPaused = false;
	#waiting = 0;
	#isDue = false;
	#lastId = "";

	constructor(line: HTMLElement) {
		this.#line = line;
		this.#word = line.querySelector("b") as HTMLElement;
		this.#button = line.querySelector("#live-new") as HTMLButtonElement;
		this.#pause = line.querySelector("#live-pause") as HTMLButtonElement;
		this.#button.addEventListener("click", () => void this.#refresh());
		this.#pause.addEventListener("click", () => this.toggle());
		document.addEventListener("visibilitychange", () => this.#connect());
		document.addEventListener("varve:reading", () => this.#show());
		// Whoever has read goes on with what is new.
		document.addEventListener("focusout", () => setTimeout(() => this.#goOn()));
		addEventListener("scroll", () => this.#goOn(), { passive: true });
		addEventListener("pagehide", () => this.#source?.close());
		this.#connect();
	}

	toggle(): void {
		this.#isPaused = !this.#isPaused;
		this.#pause.firstChild?.replaceWith(this.#isPaused ? "Resume " : "Pause ");
		if (!this.#isPaused && this.#waiting > 0 && !isReading()) void this.#refresh();
		this.#show();
	}

	/** Nobody looks at a hidden page, so it holds no connection. */
	#connect(): void {
		this.#source?.close();
		if (document.hidden) return;
		const url = new URL(this.#line.dataset.url ?? "", location.href);
		if (this.#lastId !== "") url.searchParams.set("lastEventId", this.#lastId);
		const source = new EventSource(url);
		this.#source = source;
		source.onopen = () => this.#show();
		source.onmessage = ({ lastEventId }) => {
			this.#lastId = lastEventId;
			this.#waiting++;
			this.#schedule();
		};
		source.onerror = () => {
			this.#say("cut off, trying again", "warn");
			if (source.readyState === EventSource.CLOSED) setTimeout(() => this.#connect(), RETRY_MS);
		};
	}

	#goOn(): void {
		if (this.#waiting > 0) this.#schedule();
	}

	#schedule(): void {
		this.#show();
		if (this.#isDue || this.#isPaused || isReading()) return;
		this.#isDue = true;
		setTimeout(() => {
			this.#isDue = false;
			if (!this.#isPaused && !isReading()) void this.#refresh();
		}, REFRESH_MS);
	}

	async #refresh(): Promise<void> {
		this.#waiting = 0;
		await swapTo(location.href, false);
		this.#show();
	}

	#show(): void {
		const isHeld = this.#isPaused || isReading();
		this.#line.classList.toggle("paused", isHeld);
		this.#say(isHeld ? "Paused" : "Live", isHeld ? "" : "ok");
		this.#button.hidden = !isHeld || this.#waiting === 0;
		// A person who reads an open row has paused the tail already.
		this.#pause.hidden = isHeld && !this.#isPaused;
		const count = this.#waiting.toLocaleString("en-US");
		this.#button.textContent = `${count} new ${this.#waiting === 1 ? "event" : "events"}`;
	}

	#say(word: string, tone: string): void {
		this.#word.textContent = word;
		const dot = this.#line.querySelector(".dot");
		if (dot) dot.className = `dot ${tone}`;
	}
}

function isReading(): boolean {
	if (scrollY > SCROLLED_PX || document.activeElement?.closest("tr.row")) return true;
	return document.querySelector("tr[data-open]") !== null;
}

export let live: Live | undefined;

export function followLive(): void {
	const line = document.getElementById("live");
	if (line) live = new Live(line);
}
