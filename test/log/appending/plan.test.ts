/** What is written for whom, by facts alone. */
import { FetchedFacts } from "../../../src/log/appending/fetched.ts";
import { type Plan, planAppend, planDelete } from "../../../src/log/appending/plan.ts";
import { event, events, name, refusal } from "../asking.ts";

const HIDING = Buffer.from('{"$tb":9223372036854775807}');

/** A stream `a` of five events, with metadata and maybe a tombstone. */
function facts(metadata: Uint8Array | undefined, hasTombstone = false) {
	const newest = { last: metadata ? 0 : -1, data: metadata };
	const a = { last: 4, hasTombstone, metadata: newest };
	return new FetchedFacts({ end: 5, streams: new Map([[name("a"), a]]), places: [] });
}

/** Each write as `stream: what`, the answered one with an arrow. */
function shown(plan: Plan): string[] {
	if (plan.repeated) return [`repeat ${plan.first}-${plan.final}`];
	return plan.writes.map(({ stream, made, mark }, index) => {
		const what = made ? `${made.type} ${Buffer.from(made.data)}`.trim() : "batch";
		const arrow = index === plan.answered ? "→ " : "";
		return `${arrow}${stream}: ${what}${mark === undefined ? "" : ` (${mark})`}`;
	});
}

const append = (stream: string, known: FetchedFacts, batch = events(2)) =>
	planAppend(
		{ stream: name(stream), expected: "any", events: batch },
		known.for(name(stream), batch),
	);
const remove = (known: FetchedFacts, hard: boolean) =>
	planDelete({ stream: name("a"), expected: "any", hard }, known.for(name("a"), []));
const metadata = (data: Buffer) => [event({ type: "$metadata", data })];

test.each([
	["an append", append("a", facts(undefined)), ["→ a: batch"]],
	[
		"an append to a softly deleted stream",
		append("a", facts(HIDING)),
		['$$a: $metadata {"$tb":5}', "→ a: batch (revival)"],
	],
	[
		"metadata for a softly deleted stream",
		append("$$a", facts(HIDING), metadata(Buffer.from('{"x":1}'))),
		["→ $$a: batch", '$$a: $metadata {"$tb":5,"x":1}'],
	],
	[
		"metadata that deletes it once more",
		append("$$a", facts(HIDING), metadata(HIDING)),
		["→ $$a: batch"],
	],
	[
		"a soft delete",
		remove(facts(Buffer.from("{}")), false),
		['→ $$a: $metadata {"$tb":9223372036854775807}'],
	],
	["a hard delete", remove(facts(undefined), true), ["→ a: $streamDeleted (tombstone)"]],
])("%s writes what it needs, and is answered with its own", (_, plan, writes) => {
	expect(shown(plan)).toEqual(writes);
});

test("a stream that was deleted for ever refuses both, and so does its metadata", async () => {
	const gone = facts(undefined, true);
	for (const work of [
		() => append("a", gone),
		() => append("$$a", gone),
		() => remove(gone, true),
	]) {
		expect((await refusal((async () => work())()))[0]).toBe("stream-deleted");
	}
});

test("what only the log writes is refused before anything is asked", async () => {
	const batch = events(1);
	for (const stream of ["$all", "$ce-a"]) {
		const work = async () =>
			planAppend({ stream: name(stream), expected: "any", events: batch }, {} as never);
		expect((await refusal(work()))[0]).toBe("stream-not-writable");
	}
});
