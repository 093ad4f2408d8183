import { judge, judgeDelete } from "../../../src/log/appending/expectation.ts";
import type { Facts } from "../../../src/log/appending/facts.ts";
import { name, refusal } from "../asking.ts";

/** A stream that holds `stored`, asked about a batch of `ids`. */
function facts(stored: string, ids: string, metadataLast = -1): Facts {
	return {
		lifecycleOf: () => "live",
		metadataOf: () => ({ last: metadataLast, data: undefined }),
		idOf: (index) => ids[index] as string,
		lastOf: (stream) => (stream === "s" ? stored.length - 1 : metadataLast),
		versionOf(index) {
			const version = stored.indexOf(ids[index] as string);
			return version < 0 ? undefined : version;
		},
		isAt: (index, version) => stored[version] === ids[index],
	};
}

const write = (first: number) => ({ write: true, first });
const repeat = (first: number, final: number) => ({ write: false, first, final });
const refused = "wrong-expected-version";
const known = "events-known";

/**
 * One letter is one id; what stands in the stream, what is sent, what is expected, what follows.
 */
test.each([
	["", "a", "any", write(0)],
	["x", "ab", "any", write(1)],
	["xab", "ab", "any", repeat(1, 2)],
	["xaby", "b", "any", repeat(2, 2)],
	["abab", "ab", "any", repeat(0, 1)],
	["xba", "ab", "any", known],
	["xacb", "ab", "any", known],
	["xa", "ab", "any", known],
	["xb", "ab", "any", known],
	["", "a", "no-stream", write(0)],
	["x", "a", "no-stream", refused],
	["abc", "ab", "no-stream", repeat(0, 1)],
	["xab", "ab", "no-stream", repeat(1, 2)],
	["a", "ab", "no-stream", known],
	["", "a", "stream-exists", refused],
	["x", "a", "stream-exists", write(1)],
	["a", "a", "stream-exists", repeat(0, 0)],
	["ax", "ab", "stream-exists", known],
	["", "a", 0, refused],
	["x", "a", 0, write(1)],
	["a", "a", 0, repeat(0, 0)],
	["xab", "ab", 0, repeat(1, 2)],
	["xab", "ab", 2, repeat(1, 2)],
	["xab", "ab", 9, repeat(1, 2)],
	["xab", "a", 0, repeat(1, 1)],
	["xab", "abc", 2, known],
	["xab", "cab", 2, known],
	["xab", "b", 0, repeat(2, 2)],
	["xab", "ba", 0, known],
	["xab", "c", 0, refused],
	["xab", "c", 3, refused],
] as const)(
	"a stream of '%s' that is sent '%s' expecting %s",
	async (stored, ids, expected, then) => {
		const proposal = { stream: name("s"), expected, count: ids.length };
		const judged = async () => judge(proposal, facts(stored, ids));
		if (typeof then === "string") expect((await refusal(judged()))[0]).toBe(then);
		else expect(await judged()).toEqual(then);
	},
);

/** A stream that was deleted softly: what it holds counts, though no read shows it. */
test.each([
	["x", "a", "any", write(1)],
	["xa", "a", "any", repeat(1, 1)],
	["xa", "b", "no-stream", write(2)],
	["xa", "x", "no-stream", repeat(0, 0)],
	["xab", "ab", "no-stream", repeat(1, 2)],
	["xa", "ab", "no-stream", known],
	["xa", "b", "stream-exists", "stream-deleted"],
	["xa", "a", "stream-exists", repeat(1, 1)],
	["xa", "b", 1, write(2)],
	["xa", "a", 1, repeat(1, 1)],
	["xa", "a", 0, repeat(1, 1)],
	["xa", "b", 0, refused],
	["xa", "b", 2, refused],
] as const)(
	"a softly deleted stream of '%s' that is sent '%s' expecting %s",
	async (stored, ids, expected, then) => {
		const asked: Facts = { ...facts(stored, ids, 0), lifecycleOf: () => "soft-deleted" };
		const judged = async () => judge({ stream: name("s"), expected, count: ids.length }, asked);
		if (typeof then === "string") expect((await refusal(judged()))[0]).toBe(then);
		else expect(await judged()).toEqual(then);
	},
);

test("stream-exists is content with a metadata stream", () => {
	const proposal = { stream: name("s"), expected: "stream-exists", count: 1 } as const;
	expect(judge(proposal, facts("", "a", 0))).toEqual(write(0));
});

test.each([
	["no-stream", -1, "x"],
	["stream-exists", -4, ""],
	[7, 7, "x"],
] as const)(
	"a refusal of %s quotes the header's %s and the current version",
	async (expected, text, stored) => {
		const judged = async () =>
			judge({ stream: name("s"), expected, count: 2 }, facts(stored, "ab"));
		const current = stored.length - 1;
		expect(await refusal(judged())).toEqual([refused, { stream: "s", expected: text, current }]);
	},
);

test("a refusal of events of which some are known names those, in the order they were sent", async () => {
	const judged = async () =>
		judge({ stream: name("s"), expected: 2, count: 3 }, facts("xba", "acb"));
	const stated = { stream: "s", known: ["a", "b"], count: 3, current: 2 };
	expect(await refusal(judged())).toEqual([known, stated]);
});

test.each([
	["", "any"],
	["", "no-stream"],
	["x", 0],
] as const)("a delete of a stream of '%s' expecting %s is possible", (stored, expected) => {
	expect(() => judgeDelete({ stream: name("s"), expected }, facts(stored, ""))).not.toThrow();
});
