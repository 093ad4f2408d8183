/**
 * New events of the page's stream. The server tells when there are some; the rows come from it, at
 * most once a second. While somebody reads (a row is open, or the page is scrolled) or has paused,
 * they wait behind a button that counts them.
 */
import { swapTo } from "../swap.js";
import { follow } from "./follow.js";

const REFRESH_MS = 1000;
const SCROLLED_PX = 80;
/** Faster than anybody reads: then the line says how fast, too. */
const FAST_PER_SECOND = 20;

class Live {
	readonly #line: HTMLElement;
	readonly #word: HTMLElement;
	readonly #rate: HTMLElement;
	readonly #button: HTMLButtonElement;
	readonly #pause: HTMLButtonElement;
	#isPaused = false;
	#isConnected = true;
	#isDue = false;
	/** The newest event that the server told of, and the newest that the rows show. */
	#last: number;
	#shown: number;
	#shownMs = performance.now();

	constructor(line: HTMLElement) {
		this.#line = line;
		this.#word = line.querySelector("b") as HTMLElement;
		this.#rate = line.querySelector("#live-rate") as HTMLElement;
		this.#button = line.querySelector("#live-new") as HTMLButtonElement;
		this.#pause = line.querySelector("#live-pause") as HTMLButtonElement;
		this.#shown = Number(line.dataset.last);
		this.#last = this.#shown;
		this.#button.addEventListener("click", () => void this.#refresh());
		this.#pause.addEventListener("click", () => this.toggle());
		document.addEventListener("varve:reading", () => this.#show());
		document.addEventListener("varve:swapped", () => this.#shows(Number(line.dataset.last)));
		// Whoever has read goes on with what is new.
		document.addEventListener("focusout", () => setTimeout(() => this.#goOn()));
		addEventListener("scroll", () => this.#goOn(), { passive: true });
		const url = new URL(line.dataset.url ?? "", location.href).href;
		follow(url, line.dataset.stream ?? "", {
			changed: ({ last }) => this.#reach(last ?? -1),
			connected: (is) => {
				this.#isConnected = is;
				this.#show();
			},
		});
	}

	toggle(): void {
		this.#isPaused = !this.#isPaused;
		this.#pause.firstChild?.replaceWith(this.#isPaused ? "Resume " : "Pause ");
		if (!this.#isPaused && this.#waiting > 0 && !isReading()) void this.#refresh();
		this.#show();
	}

	get #waiting(): number {
		return Math.max(0, this.#last - this.#shown);
	}

	#reach(last: number): void {
		this.#last = last;
		if (this.#waiting > 0) this.#schedule();
		else this.#show();
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
		await swapTo(location.href, false);
		this.#show();
	}

	/** The rows have been made anew; the server may know of more than it told. */
	#shows(last: number): void {
		const seconds = (performance.now() - this.#shownMs) / 1000;
		const rate = Math.round((last - this.#shown) / Math.max(seconds, 1));
		const isFast = rate > FAST_PER_SECOND && !this.#isPaused;
		this.#rate.textContent = isFast ? `${rate.toLocaleString("en-US")} a second` : "";
		this.#shown = last;
		this.#shownMs = performance.now();
		this.#last = Math.max(this.#last, last);
		if (this.#waiting > 0) this.#schedule();
		else this.#show();
	}

	#show(): void {
		const isHeld = this.#isPaused || isReading();
		this.#line.classList.toggle("paused", isHeld);
		if (!this.#isConnected) this.#say("cut off, trying again", "warn");
		else this.#say(isHeld ? "Paused" : "Live", isHeld ? "" : "ok");
		this.#button.hidden = !isHeld || this.#waiting === 0;
		// A person who reads an open row has paused the tail already.
		this.#pause.hidden = isHeld && !this.#isPaused;
		const count = this.#waiting.toLocaleString("en-US");
		this.#button.textContent = `${count} new ${this.#waiting === 1 ? "event" : "events"}`;
	}

	#say(word: string, tone: string): void {
		if (this.#word.textContent !== word) this.#word.textContent = word;
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
