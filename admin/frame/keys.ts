/** The keys, as the list of them names them; `admin/browser/keys.ts` does what they say. */
export type KeyOf = { readonly keys: readonly string[]; readonly text: string };

/** Those that work on each screen. */
export const KEYS: readonly KeyOf[] = [
	{ keys: ["/"], text: "go to a stream, an event, a position" },
	{ keys: ["g", "o"], text: "overview" },
	{ keys: ["g", "s"], text: "streams" },
	{ keys: ["g", "e"], text: "all events" },
	{ keys: ["g", "f"], text: "search" },
	{ keys: ["g", "b"], text: "subscriptions" },
	{ keys: ["g", "w"], text: "webhooks" },
	{ keys: ["g", "p"], text: "operations" },
	{ keys: ["?"], text: "this list" },
	{ keys: ["Esc"], text: "close" },
];

export const ROW_KEYS: readonly KeyOf[] = [
	{ keys: ["j"], text: "next row" },
	{ keys: ["k"], text: "row before" },
	{ keys: ["o"], text: "open its page" },
];
export const OPEN_KEY: KeyOf = { keys: ["Enter"], text: "open the row in place" };
export const ENTER_TIME_KEY: KeyOf = { keys: ["Enter"], text: "as of the row" };
export const PAGE_KEYS: readonly KeyOf[] = [
	{ keys: ["["], text: "newer page" },
	{ keys: ["]"], text: "older page" },
];
export const LIVE_KEY: KeyOf = { keys: ["p"], text: "pause or resume" };
export const APPEND_KEY: KeyOf = { keys: ["a"], text: "append an event" };
export const FILTER_KEY: KeyOf = { keys: ["f"], text: "filter" };
export const STOP_KEY: KeyOf = { keys: ["Esc"], text: "stop the search" };
export const COPY_KEY: KeyOf = { keys: ["c"], text: "copy" };
export const TIME_KEY: KeyOf = { keys: ["t"], text: "as of a moment" };
export const STEP_KEYS: readonly KeyOf[] = [
	{ keys: ["←"], text: "event before" },
	{ keys: ["→"], text: "event after" },
];
