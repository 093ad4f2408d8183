import type { LineEvent } from "../../../feeds/moving/event.ts";
import { Renumbering } from "../../../src/cli/import/renumber.ts";

/** A log, line by line: each stream counts its own versions. */
function logOf(...events: [stream: string, data: string, fields?: Partial<LineEvent>][]) {
	const versions = new Map<string, number>();
	return events.map(([stream, data, fields = {}], position): LineEvent => {
		const version = versions.get(stream) ?? 0;
		versions.set(stream, version + 1);
		const id = `00000000-0000-4000-8000-${String(position).padStart(12, "0")}`;
		const bytes = { data: Buffer.from(data), metadata: Buffer.alloc(0), hash: Buffer.alloc(32) };
		const place = { stream, version, position, created: 0, incarnation: 1 };
		return { ...place, ...bytes, type: "T", id, isJson: true, ...fields };
	});
}

const GONE = { erased: "scavenged", data: Buffer.alloc(0) } as const;
const LINK = { type: "$>", isJson: false };

function renumbered(lines: readonly LineEvent[], keepsOrder = true) {
	const renumbering = new Renumbering(keepsOrder);
	const deeds = [...lines.map((line) => renumbering.take(line)), ...renumbering.corrections()];
	const told = deeds.map((deed) => {
		if (!deed) return "";
		return `${deed.stream} behind ${deed.before}: ${deed.event ? Buffer.from(deed.event.data) : "delete"}`;
	});
	return { told, losses: renumbering.losses };
}

test("a $tb that counts events which come later and are left out is written once more", () => {
	const lines = logOf(["$$a", '{"$tb":2,"x":1}'], ["a", "", GONE], ["a", "", GONE], ["a", "3"]);
	expect(renumbered(lines).told).toEqual([
		'$$a behind -1: {"$tb":2,"x":1}',
		"",
		"",
		"a behind -1: 3",
		'$$a behind 0: {"$tb":0,"x":1}',
	]);
});

test("links lead to the same events, to none, or are told of", () => {
	const lines = logOf(
		["c-1", "", GONE],
		["c-1", "1"],
		["ln", "1@c-1", LINK],
		["ln", "0@c-1", LINK],
		["ln", "1@$ce-c", LINK],
		["ln", "1@later", LINK],
		["later", "", GONE],
		["later", "1"],
	);
	const { told, losses } = renumbered(lines);
	expect(told.slice(2, 6)).toEqual([
		"ln behind -1: 0@c-1",
		"ln behind 0: 9007199254740991@c-1",
		"ln behind 1: 0@$ce-c",
		"ln behind 2: 1@later",
	]);
	expect(losses).toMatchObject({ scavenged: 2, links: 1, unsure: 1 });
	expect(renumbered(lines, false)).toMatchObject({ losses: { unsure: 2 } });
});

test("an event without a line gives its number to the next one", () => {
	const lines = logOf(["a", "0"], ["a", "1"], ["a", "2"], ["a", "", { mark: "tombstone" }]);
	expect(renumbered(lines.filter((_, at) => at !== 1)).told).toEqual([
		"a behind -1: 0",
		"a behind 0: 2",
		"a behind 1: delete",
	]);
});
