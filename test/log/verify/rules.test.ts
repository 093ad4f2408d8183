/** The rules by themselves; what they find in a damaged file is in the tests of the engine. */

import { rootOver } from "../../../feeds/proof/frontier.ts";
import { leafHash } from "../../../feeds/proof/hash.ts";
import { EntryCheck } from "../../../src/log/verify/entries.ts";
import {
	expectedHash,
	isAsHashed,
	isErasedWhole,
	isEventId,
} from "../../../src/log/verify/event.ts";
import { checkEvents } from "../../../src/log/verify/events.ts";
import { historyFaults } from "../../../src/log/verify/histories.ts";
import { checkEdge, checkUpperNodes, isNodeOver } from "../../../src/log/verify/nodes.ts";
import { Positions } from "../../../src/log/verify/positions.ts";
import { EventTotals } from "../../../src/log/verify/totals.ts";
import {
	createReport,
	type Hashes,
	type LogView,
	type Report,
	type StoredEvent,
} from "../../../src/log/verify/view.ts";

const NOTHING = new Uint8Array(0);
/** Two full tiles, and a part of one. */
const SIZE = 600;

function eventAt(position: number, changes: Partial<StoredEvent> = {}): StoredEvent {
	const event = {
		position,
		stream: "a-1",
		version: position,
		id: Buffer.alloc(16, 1),
		type: "T",
		created: 1000 + position,
		flags: 0,
		data: Buffer.from(`${position}`),
		metadata: NOTHING,
		isErased: false,
	};
	return { ...event, hash: expectedHash(event), ...changes };
}

/** A log of `SIZE` events with their tree; `change` is what became of one of the events. */
function logOf(change: (event: StoredEvent) => StoredEvent = (event) => event): LogView {
	const events = Array.from({ length: SIZE }, (_, position) => change(eventAt(position)));
	const sound = Array.from({ length: SIZE }, (_, position) => eventAt(position).hash as Uint8Array);
	const nodes = [0, 1].map((tile) => rootOver(sound.slice(tile * 256, (tile + 1) * 256)));
	const hashes: Hashes = (level, from, to) =>
		(level === 0 ? events.map(({ hash }) => hash as Uint8Array) : nodes).slice(from, to);
	return {
		size: () => SIZE,
		events: (from, to, { visit }) => events.slice(from, to).forEach(visit),
		entries: () => {},
		unproven: () => [],
		hashes,
		faults: () => [],
	};
}

function faultsOf(check: (report: Report) => void): readonly string[] {
	const { faults, report } = createReport();
	check(report);
	return faults;
}

async function faultsIn(check: (report: Report) => Promise<unknown>): Promise<readonly string[]> {
	const { faults, report } = createReport();
	await check(report);
	return faults;
}

describe("an event", () => {
	test("has the hash of what it holds", () => {
		expect(isAsHashed(eventAt(3))).toBe(true);
		expect(isAsHashed(eventAt(3, { type: "U" }))).toBe(false);
		expect(isAsHashed(eventAt(3, { hash: undefined }))).toBe(false);
	});

	test("is empty where it says that it was erased", () => {
		const [data, metadata] = [Buffer.from("d"), Buffer.from("m")];
		const redacted = { isErased: true };
		const scavenged = { isErased: true, isScavenged: true };
		expect(isErasedWhole(eventAt(1, { data, metadata }))).toBe(true);
		expect(isErasedWhole(eventAt(1, { ...redacted, data }))).toBe(false);
		expect(isErasedWhole(eventAt(1, { ...redacted, data: NOTHING, metadata }))).toBe(true);
		expect(isErasedWhole(eventAt(1, { ...scavenged, data: NOTHING, metadata }))).toBe(false);
		expect(isErasedWhole(eventAt(1, { ...scavenged, data: NOTHING }))).toBe(true);
	});

	test("has an id that is not all zero", () => {
		expect(isEventId(eventAt(1).id)).toBe(true);
		expect(isEventId(Buffer.alloc(16))).toBe(false);
	});
});

describe("a block of events", () => {
	const check = (view: LogView) =>
		faultsIn((report) => checkEvents(view, { from: 0, to: SIZE }, report));

	test("is sound, if each is as it was appended", async () => {
		expect(await check(logOf())).toEqual([]);
	});

	test.each([
		[{ data: Buffer.from("x") }, "position 300: version 300 of a-1 is not what was appended"],
		[{ hash: leafHash(NOTHING) }, "version 300 of a-1 is as it was appended, and its hash is not"],
		[{ position: 301 }, "position 301: follows position 299"],
		[{ created: 5 }, "position 300: created before the event in front of it"],
		[{ isErased: true }, "position 300: is marked as erased, and is not empty"],
	])("is not, where one of them has %o", async (changes, fault) => {
		const view = logOf((event) => (event.position === 300 ? { ...event, ...changes } : event));
		expect((await check(view)).join("\n")).toContain(fault);
	});

	test("must not be older than the block before it", async () => {
		const faults = await faultsIn(async (report) => {
			const totals = new EventTotals(2, report);
			const ignored = () => {};
			for (const [from, created] of [
				[0, 2000],
				[1, 1000],
			] as const) {
				const view: LogView = {
					...logOf(),
					events: (_from, _to, { visit }) => visit(eventAt(from, { created })),
				};
				totals.add({ from: 0, to: 2 }, await checkEvents(view, { from: 0, to: 1 }, ignored));
			}
		});
		expect(faults).toEqual(["position 0: created before the event in front of it"]);
	});
});

describe("the entries of a stream", () => {
	const check = (entries: readonly (readonly [version: number, position: number])[], last = -1) =>
		faultsOf((report) => {
			const found = new EntryCheck({ from: 0, to: 100 }, new Positions(), report);
			found.begin("a-1", last);
			for (const [version, position] of entries) found.see(version, position);
		});

	test("are dense and point at rising positions", () => {
		expect(
			check([
				[0, 3],
				[1, 4],
				[2, 90],
			]),
		).toEqual([]);
		expect(check([[5, 3]], 4)).toEqual([]);
		expect(
			check([
				[0, 3],
				[2, 4],
			]),
		).toEqual(["a-1 version 2: follows version 0"]);
		const behind = "a-1 version 1: points at or before the entry in front of it";
		expect(
			check([
				[0, 3],
				[1, 3],
			]),
		).toEqual([behind]);
	});

	test("count as unproven where they correlate by metadata that was erased", () => {
		const erased = new Positions();
		erased.add(7);
		const found = new EntryCheck({ from: 0, to: 100 }, erased, () => {});
		for (const name of ["$bc-c", "$ce-a", "a-1"]) {
			found.begin(name);
			found.see(0, 7);
		}
		expect(found.unproven).toBe(1);
		expect([...found.sums.counts]).toEqual([2]);
	});
});

describe("the tree", () => {
	test("has nodes that are the roots of whole tiles", () => {
		const { hashes } = logOf();
		const below = hashes?.(0, 0, 256) ?? [];
		const [node] = hashes?.(1, 0, 1) ?? [];
		expect(isNodeOver(node, below)).toBe(true);
		expect(isNodeOver(node, below.slice(1))).toBe(false);
		expect(isNodeOver(undefined, below)).toBe(false);
	});

	test("has an edge whose hashes agree with what lies below them", () => {
		const edge = (view: LogView) => {
			const events: StoredEvent[] = [];
			const visitor = { visit: (event: StoredEvent) => events.push(event), onUnreadable: () => {} };
			view.events(SIZE - (SIZE % 256), SIZE, visitor);
			return faultsOf((report) => checkEdge(SIZE, events, view.hashes as Hashes, report));
		};
		expect(edge(logOf())).toEqual([]);
		const changed = (at: number) =>
			logOf((event) => (event.position === at ? { ...event, hash: leafHash(NOTHING) } : event));
		expect(edge(changed(599))).toEqual(["the event at position 599 does not have its hash"]);
		expect(edge(changed(3))).toEqual(["node 0 of level 1 is not the root of those below it"]);
	});

	test("has no upper nodes to be checked while no tile of nodes is full", () => {
		expect(faultsOf((report) => checkUpperNodes(logOf(), SIZE, report))).toEqual([]);
	});
});

describe("the histories of a log", () => {
	const second = { incarnation: 2, first: 3 };
	const third = { incarnation: 7, first: 3 };
	test.each([
		["the first one alone", { incarnation: 1, histories: [], size: 0 }],
		["one that has no event yet", { incarnation: 2, histories: [second], size: 3 }],
		["two that begin at one place", { incarnation: 7, histories: [second, third], size: 9 }],
		["an older signed head", { incarnation: 2, histories: [second], size: 4, signed: 1 }],
		["its own signed head", { incarnation: 2, histories: [second], size: 4, signed: 2 }],
	])("may be %s", (_, facts) => {
		expect(historyFaults(facts)).toEqual([]);
	});

	test.each([
		[
			{ incarnation: 2, histories: [second], size: 2 },
			"history 2: it begins at position 3, behind the end (2)",
		],
		[
			{ incarnation: 7, histories: [{ ...second, first: 4 }, third], size: 9 },
			"history 7: it begins at position 3, and the one before it (2) at position 4",
		],
		[
			{ incarnation: 2, histories: [third, second], size: 9 },
			"history 2: the one before it is number 7",
		],
		[
			{ incarnation: 1, histories: [{ incarnation: 1, first: 0 }], size: 9 },
			"history 1: the one before it is number 1",
		],
		[
			{ incarnation: 7, histories: [second], size: 9 },
			"the log says that it is history 7, and the newest that is noted is 2",
		],
		[
			{ incarnation: 1, histories: [second], size: 9 },
			"the log says that it is history 1, and the newest that is noted is 2",
		],
		[
			{ incarnation: 2, histories: [second], size: 9, signed: 7 },
			"the log is history 2, and its last signed head is of 7",
		],
	])("are not %j", (facts, fault) => {
		expect(historyFaults(facts)).toEqual([fault]);
	});
});
