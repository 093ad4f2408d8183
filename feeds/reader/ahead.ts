/**
 * The pages that a reader asks for before it needs them.
 *
 * While the consumer works on a page, the next one is on its way: the link says where it is. Far
 * from the head there are more, since all readers read on one grid, and the pages below the
 * stream's last version are full. The reader learns that version once, from the newest page.
 *
 *     consumed        next    ahead, as many as fit        last version
 *     ─────────────┤■■■■■■■│┄┄┄┄┄┄┄│┄┄┄┄┄┄┄│               │
 *
 * The links are still what counts: an answer is used only if the page before it links to its URL.
 */
import { linkedFrom, rangeOf, withCount, withFrom } from "./links.ts";
import type { ReaderSettings } from "./options.ts";
import type { ReaderPage } from "./pages/page.ts";
import { askForPage, type PageAnswer } from "./session.ts";
import type { State } from "./step.ts";

/** Requests on their way at once, the next page included. */
const PAGES_MAX = 4;
/** Of the pages beyond the next one, together. */
const BYTES_MAX = 24 * 1024 * 1024;
const PAGE_BYTES_MAX = BYTES_MAX / (PAGES_MAX - 1);

type Asked = {
	readonly url: string;
	readonly form: State["form"];
	/** Whether it may have no more than `PAGE_BYTES_MAX`. */
	readonly isBounded: boolean;
	readonly answer: Promise<PageAnswer>;
	readonly stop: AbortController;
};

export class PagesAhead {
	readonly #settings: ReaderSettings;
	readonly #signal: AbortSignal;
	#asked: readonly Asked[] = [];
	#last: number | undefined;
	#isLearning = false;

	/** @param signal ends all requests */
	constructor(settings: ReaderSettings, signal: AbortSignal) {
		this.#settings = settings;
		this.#signal = signal;
		signal.addEventListener("abort", () => this.#drop(), { once: true });
	}

	/** The last version of the stream, as far as it is known; it may have grown since. */
	get last(): number | undefined {
		return this.#last;
	}

	/** The answer to the request for the page of `state`. */
	async take(state: State): Promise<PageAnswer> {
		const [next, ...others] = this.#asked;
		if (next?.url !== state.url || next.form !== state.form || state.etag !== undefined) {
			return askForPage(state, this.#settings, this.#signal);
		}
		this.#asked = others;
		const answer = await next.answer;
		const isTooLarge = next.isBounded && answer.outcome.kind === "too-large";
		return isTooLarge ? askForPage(state, this.#settings, this.#signal) : answer;
	}

	/**
	 * Asks for the page of `state`, and for those behind it that are sure to be full.
	 * @param page the page before it
	 */
	ask(state: State, page: ReaderPage): void {
		const urls = [state.url, ...this.#beyond(state, page)];
		const isUsed = ({ url, form }: Asked, index: number) =>
			url === urls[index] && form === state.form;
		if (!this.#asked.every(isUsed)) this.#drop();
		const missing = urls.slice(this.#asked.length);
		this.#asked = [
			...this.#asked,
			...missing.map((url, index) => this.#start({ ...state, url }, this.#asked.length + index)),
		];
	}

	/** Takes note that the reader has read all there is. */
	atHead({ nextAt }: State): void {
		this.#last = Math.max(nextAt - 1, this.#last ?? -1);
	}

	/** Learns the last version from the stream's newest page. A fault is no matter. */
	learn(state: State, { links }: ReaderPage): void {
		const newest = links.find(({ relation }) => relation === "first")?.uri;
		if (newest === undefined || this.#isLearning || state.nextAt <= (this.#last ?? -1)) return;
		this.#isLearning = true;
		const { stream } = this.#settings;
		askForPage({ ...state, url: withCount(newest, 1) }, this.#settings, this.#signal)
			.then(({ outcome }) => {
				if (outcome.kind !== "page") return;
				const next = linkedFrom(outcome.page.links, "previous", stream);
				if (next !== undefined) this.#last = Math.max(next - 1, this.#last ?? -1);
			})
			.catch(() => undefined)
			.finally(() => {
				this.#isLearning = false;
			});
	}

	#beyond(state: State, { bytes }: ReaderPage): string[] {
		const { stream, pageSize } = this.#settings;
		const next = rangeOf(state.url, stream);
		if (next?.count !== pageSize || this.#last === undefined) return [];
		const full = Math.floor((this.#last + 1 - next.from) / pageSize) - 1;
		const fitting = Math.floor(PAGE_BYTES_MAX / Math.max(bytes, 1)) < 1 ? 0 : PAGES_MAX - 1;
		const count = Math.max(0, Math.min(full, fitting));
		return Array.from({ length: count }, (_, index) =>
			withFrom(state.url, next.from + (index + 1) * pageSize, stream),
		);
	}

	#start(state: State, index: number): Asked {
		const stop = new AbortController();
		const isBounded = index > 0 && this.#settings.bodyBytesMax > PAGE_BYTES_MAX;
		const settings = isBounded
			? { ...this.#settings, bodyBytesMax: PAGE_BYTES_MAX }
			: this.#settings;
		const answer = askForPage(state, settings, stop.signal);
		// It is awaited after the events before it; until then, a failure must not count as unhandled.
		answer.catch(() => undefined);
		return { url: state.url, form: state.form, isBounded, answer, stop };
	}

	#drop(): void {
		for (const { stop } of this.#asked) stop.abort();
		this.#asked = [];
	}
}
