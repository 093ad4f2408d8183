/** Every way through a log with gaps finds what is left: once, and in order. */
import { randomInt } from "node:crypto";
import type { PageRange } from "../../feeds/geometry.ts";
import { DEFAULT_LOG_LIMITS, type Log } from "../../src/log/log.ts";
import { createMemoryLog } from "../../src/log/memory.ts";
import type { Urls } from "../../src/pages/entry.ts";
import { createFilter } from "../../src/pages/filter.ts";
import { locateEvent } from "../../src/pages/locate.ts";
import { findMoment } from "../../src/pages/moment.ts";
import { readPage } from "../../src/pages/page.ts";
import { readReplay } from "../../src/pages/replay.ts";
import { scan } from "../../src/pages/scan.ts";
import { append, event, events, name, scavenge } from "../log/asking.ts";
import { feedOf } from "./feed.ts";

const ALL = name("$all");
const seed = Number(process.env.VARVE_SEED ?? randomInt(2 ** 31));
const URLS: Urls = {
	stream: (stream) => `/${stream}`,
	metadata: (stream) => `/${stream}/metadata`,
	event: (stream, at) => `/${stream}/${at}`,
	id: (stream, at) => `/${stream}/${at}`,
	page: (_, { from, direction, count }) => `${from} ${direction} ${count}`,
};

type Given = {
	log: Log;
	/** The positions that are left. */
	left: number[];
	created: number[];
	ids: string[];
};

/** Runs of events of a stream that stays and of one that goes, of random lengths up to `longest`. */
async function gapped(longest: number, random: (bound: number) => number): Promise<Given> {
	let now = 1_700_000_000_000;
	const log = createMemoryLog(undefined, () => now);
	for (let run = 0; run < 12; run++) {
		for (const stream of ["stays", "goes"]) {
			const count = random(longest);
			if (count > 0) await append(log, stream, events(count));
			now += 1000;
		}
	}
	const rule = event({ type: "$metadata", data: Buffer.from('{"$tb":1000000}') });
	await append(log, "$$goes", [rule]);
	const whole = await log.read({ stream: ALL, ...FORWARD, limit: 1_000_000 });
	await scavenge(log);
	const { entries } = await log.read({ stream: ALL, ...FORWARD, limit: 1_000_000 });
	return {
		log,
		left: entries.map(({ version }) => Number(version)),
		created: whole.entries.map(({ event }) => event.created),
		ids: whole.entries.map(({ event }) => event.id),
	};
}

const FORWARD = { from: 0, direction: "forward", content: false } as const;

/** What pages show on the way along one of their links. */
async function walk(log: Log, start: PageRange, relation: "previous" | "next"): Promise<number[]> {
	const seen: number[] = [];
	let range: PageRange | undefined = start;
	for (let pages = 0; range; pages++) {
		if (pages > 2000) throw new Error(`from ${JSON.stringify(start)} ${relation} never ends`);
		const request = {
			stream: ALL,
			range,
			content: false,
			tag: () => "",
			asAsked: (url: string) => url,
		};
		const feed = feedOf(URLS, request, await readPage(log, request));
		const positions = feed.entries.map(({ event }) => event.position);
		seen.push(...(relation === "next" ? positions : positions.reverse()));
		const link = feed.links.find((one) => one.relation === relation)?.uri;
		const [from = "", direction = "", count = ""] = link?.split(" ") ?? [];
		range = link
			? { from: Number(from), direction: direction as "forward", count: Number(count) }
			: undefined;
	}
	return seen;
}

test(`links, replays, scans and searches (VARVE_SEED=${seed})`, async () => {
	let state = seed;
	const random = (bound: number) => {
		state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
		return (state >> 8) % bound;
	};
	for (let round = 0; round < 8; round++) {
		const { log, left, created, ids } = await gapped(1 + random(150), random);
		for (const count of [20, 7, 40, 500]) {
			const up = await walk(log, { from: 0, direction: "forward", count }, "previous");
			expect({ round, count, up }).toEqual({ round, count, up: left });
			const head = { from: "head", direction: "backward", count } as const;
			const down = await walk(log, head, "next");
			expect({ round, count, down: down.reverse() }).toEqual({ round, count, down: left });
			const all = createFilter(undefined, false);
			const scanned = await scan(log, all, { from: 0, direction: "forward", count });
			expect(scanned.matches.map(({ version }) => version)).toEqual(left.slice(0, count));
			const back = await scan(log, all, head);
			expect(back.matches.map(({ version }) => version)).toEqual(left.slice(-count).reverse());
		}
		for (const direction of ["forward", "backward"] as const) {
			const found: number[] = [];
			const from = direction === "forward" ? 0 : "head";
			for await (const step of readReplay(log, URLS, { stream: ALL, from, direction })) {
				found.push(...step.map(({ event }) => event.position));
			}
			expect(found).toEqual(direction === "forward" ? left : left.toReversed());
		}
		for (let second = 0; second < 24; second++) {
			const time = 1_700_000_000_000 + second * 1000;
			const expected = left.find((at) => (created[at] as number) >= time) ?? ids.length;
			expect((await findMoment(log, ALL, time)).first).toBe(expected);
		}
		for (const at of [left[0], left.at(-1), left[left.length >> 1]] as number[]) {
			const id = ids[at] as string;
			expect(await locateEvent(log, ALL, id, (event) => event.id === id, false)).toBe(at);
		}
	}
});

test("a replay of events that are suddenly large goes on behind a gap of one, and skips none", async () => {
	const limits = { ...DEFAULT_LOG_LIMITS, pageBytesMax: 2_000_000 };
	const log = createMemoryLog(limits);
	// Two steps of small events; the third is to begin at the gap, and is too large.
	await append(log, "stays", events(520));
	await append(log, "goes", [event({ type: "t" })]);
	const large = { type: "t", data: Buffer.alloc(100_000, "1") };
	for (let at = 0; at < 40; at++) await append(log, "stays", [event(large)]);
	await append(log, "$$goes", [event({ type: "$metadata", data: Buffer.from('{"$tb":1000000}') })]);
	await scavenge(log);
	const shown: string[] = [];
	const whole = { stream: ALL, from: 0, direction: "forward" } as const;
	for await (const step of readReplay(log, URLS, whole)) {
		shown.push(...step.map(({ title }) => title));
	}
	const stays = Array.from({ length: 560 }, (_, at) => `${at}@stays`);
	expect(shown).toEqual([...stays, "0@$$goes"]);
});
