/** A replay does not walk through what is hidden. */

import { randomUUID } from "node:crypto";
import type { StreamName } from "../../src/event.ts";
import { createMemoryLog } from "../../src/log/memory.ts";
import { readPage } from "../../src/pages/page.ts";
import { readReplay } from "../../src/pages/replay.ts";
import { replacing } from "../log/asking.ts";
import { feedOf } from "./feed.ts";

const URLS = {
	stream: (stream: string) => `/${stream}`,
	metadata: (stream: string) => `/${stream}/metadata`,
	event: (stream: string, at: number) => `/${stream}/${at}`,
	id: (stream: string, at: number) => `/${stream}/${at}`,
	page: (stream: string, page: { from: unknown; direction: string; count: number }) =>
		`/${stream}/${page.from}/${page.direction}/${page.count}`,
};
const S = "s" as StreamName;

test.each([
	["$maxAge", { $maxAge: 60 }],
	["$tb", { $tb: 9_990 }],
	["$maxCount", { $maxCount: 10 }],
])("a reader far below the bound of %s is at it with the second read", async (_, metadata) => {
	let now = 1_700_000_000_000;
	const log = createMemoryLog(undefined, () => now);
	const append = (stream: StreamName, count: number, data = "{}") =>
		log.append({
			stream,
			expected: "any",
			events: Array.from({ length: count }, () => ({
				id: randomUUID(),
				type: "t",
				isJson: true,
				data: Buffer.from(data),
				metadata: new Uint8Array(0),
			})),
		});
	await append(S, 9_990);
	now += 100_000;
	await append(S, 10);
	await append("$$s" as StreamName, 1, JSON.stringify(metadata));

	let reads = 0;
	const counted = replacing(log, {
		read(range) {
			reads++;
			return log.read(range);
		},
	});
	const shown: string[] = [];
	for await (const step of readReplay(counted, URLS, {
		stream: S,
		from: 0,
		direction: "forward",
	})) {
		shown.push(...step.map(({ title }) => title));
	}
	expect(shown).toEqual(Array.from({ length: 10 }, (_, i) => `${9_990 + i}@s`));
	expect(reads).toBeLessThanOrEqual(3);

	const range = { direction: "forward", from: 0, count: 20 } as const;
	const request = {
		stream: S,
		range,
		content: false,
		tag: () => "",
		asAsked: (url: string) => url,
	};
	const feed = feedOf(URLS, request, await readPage(log, request));
	const previous = feed.links.find(({ relation }) => relation === "previous");
	expect(previous?.uri).toBe("/s/9990/forward/10");
});
