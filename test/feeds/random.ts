/** Feeds and JSON documents from a seed, with a taste for what breaks codecs. */
import type { Entry, Feed } from "../../feeds/model.ts";

export type Random = {
	/** A whole number from 0 up to, not including, `below`. */
	readonly upTo: (below: number) => number;
	readonly pick: <T>(from: readonly T[]) => T;
};

const HOSTILE = [
	"a",
	"order-42",
	"é",
	"日本",
	"😀",
	'"',
	"\\",
	"\\u0041",
	"<",
	">",
	"&",
	"]]>",
	"&amp;",
	"'",
	"\r",
	"\n",
	"\t",
	" ",
	"\u2028",
	"\u00a0",
	"\u0085",
	"</content>",
	"<!DOCTYPE",
	"_x0041_",
	"@",
	"#text",
	":",
	"{",
	"}",
	"[",
	",",
];
const NUMBERS = ["0", "-0", "1.10", "12345678901234567890", "1e5", "-1.5E-10", "0.1"];

/** A generator that gives the same numbers for the same seed (mulberry32). */
export function randomFrom(seed: number): Random {
	let state = seed >>> 0;
	const next = () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let t = Math.imul(state ^ (state >>> 15), state | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
	};
	const upTo = (below: number) => Math.floor(next() * below);
	return { upTo, pick: (from) => from[upTo(from.length)] as (typeof from)[number] };
}

/** A seed for this run, printed so that a failure can be repeated: `SEED=… npx jest`. */
export function runSeed(): number {
	const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
	console.info(`seed ${seed}`);
	return seed;
}

export function anyText(random: Random): string {
	return Array.from({ length: random.upTo(5) }, () => random.pick(HOSTILE)).join("");
}

/** JSON with random white space, escapes and number literals. */
export function anyJson(random: Random, depth = 3): string {
	const space = () => random.pick(["", "", "", " ", "\n  ", "\t"]);
	const string = () => random.pick([JSON.stringify(anyText(random)), '"\\u00e9"', '"\\/\\b"']);
	const list = (item: () => string) =>
		Array.from({ length: random.upTo(4) }, () => `${space()}${item()}${space()}`).join(",");
	const kind = random.upTo(depth > 0 ? 5 : 3);
	if (kind === 0) return random.pick(NUMBERS);
	if (kind === 1) return random.pick(["true", "false", "null"]);
	if (kind === 2) return string();
	if (kind === 3) return `[${list(() => anyJson(random, depth - 1)) || space()}]`;
	const member = () => `${string()}${space()}:${space()}${anyJson(random, depth - 1)}`;
	return `{${list(member) || space()}}`;
}

export function anyFeed(random: Random): Feed {
	const text = () => anyText(random);
	const links = () =>
		Array.from({ length: random.upTo(4) }, () => ({
			relation: random.pick(["self", "next", "next-archive", "http://example.org/rel"]),
			uri: `http://127.0.0.1:2113/streams/${encodeURIComponent(text())}`,
		}));
	const all = links();
	return {
		id: "http://127.0.0.1:2113/streams/s",
		title: `title ${text()}.`,
		updated: "2026-06-14T09:31:22.123456Z",
		author: `author ${text()}.`,
		...(random.upTo(2) ? { streamId: text() } : {}),
		headOfStream: random.upTo(2) === 1,
		...(random.upTo(2) ? { selfUrl: "http://127.0.0.1:2113/streams/s", eTag: "24;H" } : {}),
		archive: all.some(({ relation }) => relation === "next-archive"),
		links: all,
		entries: Array.from({ length: random.upTo(4) }, () => anyEntry(random)),
	};
}

function anyEntry(random: Random): Entry {
	const number = random.upTo(1000);
	const uri = `http://127.0.0.1:2113/streams/s/${number}`;
	const bytes = () => Buffer.from(random.upTo(3) ? anyJson(random) : anyText(random));
	const isLink = random.upTo(4) === 0;
	return {
		title: `${number}@${anyText(random)}.`,
		id: uri,
		updated: "2026-06-14T09:31:22Z",
		author: "EventStore",
		summary: isLink ? "$>" : `type ${anyText(random)}.`,
		links: ["edit", "alternate"].map((relation) => ({ relation, uri })),
		event: {
			eventId: "c322e299-cb73-4b47-97c5-5054f920746e",
			eventType: `type ${anyText(random)}.`,
			eventNumber: number,
			streamId: `s${anyText(random)}.`,
			isJson: random.upTo(4) > 0,
			data: bytes(),
			metadata: random.upTo(2) ? bytes() : new Uint8Array(0),
			positionEventNumber: random.upTo(1000),
			positionStreamId: isLink ? "$ce-s" : "s",
			position: random.upTo(100000),
			...(isLink ? { linkMetadata: random.upTo(2) ? bytes() : new Uint8Array(0) } : {}),
		},
	};
}
