/** The keys, as the list of them names them; `admin/browser/keys.ts` does what they say. */
export type KeyOf = {
	readonly keys: readonly string[];
	readonly text: string;
	/** What a page has, in its HTML, if the key does something there; else it is not listed. */
	readonly on?: RegExp;
};

const ROWS = / class="row"/;

/** Those that work on each screen, as far as its visitor may see the place they lead to. */
export const KEYS: readonly KeyOf[] = [
	{ keys: ["/"], text: "go to a stream, an event, a position" },
	{ keys: ["g", "o"], text: "overview", on: /data-place="overview"/ },
	{ keys: ["g", "s"], text: "streams", on: /data-place="streams"/ },
	{ keys: ["g", "e"], text: "all events", on: /data-place="all"/ },
	{ keys: ["g", "f"], text: "search", on: /data-place="search"/ },
	{ keys: ["g", "b"], text: "subscriptions", on: /data-place="subscriptions"/ },
	{ keys: ["g", "r"], text: "readers", on: /data-place="readers"/ },
	{ keys: ["g", "w"], text: "webhooks", on: /data-place="webhooks"/ },
	{ keys: ["g", "j"], text: "projections", on: /data-place="projections"/ },
	{ keys: ["g", "p"], text: "operations", on: /data-place="operations"/ },
	{ keys: ["?"], text: "this list" },
	{ keys: ["Esc"], text: "close" },
];

export const ROW_KEYS: readonly KeyOf[] = [
	{ keys: ["j"], text: "next row", on: ROWS },
	{ keys: ["k"], text: "row before", on: ROWS },
	{ keys: ["o"], text: "open its page", on: ROWS },
];
export const OPEN_KEY: KeyOf = { keys: ["Enter"], text: "open the row in place", on: ROWS };
export const ENTER_TIME_KEY: KeyOf = { keys: ["Enter"], text: "as of the row", on: ROWS };
export const PAGE_KEYS: readonly KeyOf[] = [
	{ keys: ["["], text: "newer page", on: /data-key="\["/ },
	{ keys: ["]"], text: "older page", on: /data-key="\]"/ },
];
export const LIST_KEYS: readonly KeyOf[] = [
	{ keys: ["["], text: "first page", on: /data-key="\["/ },
	{ keys: ["]"], text: "next page", on: /data-key="\]"/ },
];
export const LIVE_KEY: KeyOf = { keys: ["p"], text: "pause or resume", on: /id="live"/ };
export const APPEND_KEY: KeyOf = { keys: ["a"], text: "append an event", on: /id="append"/ };
export const FILTER_KEY: KeyOf = { keys: ["f"], text: "filter", on: /id="filter"|class="chips"/ };
export const STOP_KEY: KeyOf = { keys: ["Esc"], text: "stop the search", on: /id="search-stop"/ };
export const GO_ON_KEY: KeyOf = { keys: ["]"], text: "go on searching", on: /id="search-on"/ };
export const COPY_KEY: KeyOf = { keys: ["c"], text: "copy", on: /data-copy-url/ };
export const TIME_KEY: KeyOf = { keys: ["t"], text: "as of a moment", on: /data-key="t"/ };
export const STEP_KEYS: readonly KeyOf[] = [
	{ keys: ["←"], text: "event before", on: /data-key="ArrowLeft"/ },
	{ keys: ["→"], text: "event after", on: /data-key="ArrowRight"/ },
];

/** Exactly those that do something on a page with this HTML. */
export function keysOn(page: string, own: readonly KeyOf[]): KeyOf[] {
	return [...KEYS, ...own].filter(({ on }) => on === undefined || on.test(page));
}
