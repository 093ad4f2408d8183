import { type OfferedEvent, prepareAppend } from "../../src/commands/append.ts";
import { isRefusal } from "../../src/errors.ts";

const LIMITS = { eventsPerAppendMax: 3, eventBytesMax: 10 };
const ID = "c322e299-cb73-4b47-97c5-5054f920746e";

function offered(overrides: Partial<OfferedEvent> = {}): OfferedEvent {
	const nothing = new Uint8Array(0);
	return {
		eventId: ID,
		eventType: "t",
		isJson: true,
		data: nothing,
		metadata: nothing,
		...overrides,
	};
}

function wordOf(stream: string, events: readonly OfferedEvent[]): string | undefined {
	try {
		prepareAppend(stream, "any", events, LIMITS);
		return undefined;
	} catch (error) {
		return isRefusal(error) ? error.word : String(error);
	}
}

test("hands on what was offered, the id in the one notation", () => {
	const data = Buffer.from("12.50");
	const event = offered({ eventId: `{${ID.toUpperCase()}}`, data });
	const append = prepareAppend("order-1", 4, [event], LIMITS);
	expect(append).toMatchObject({ stream: "order-1", expected: 4 });
	expect(append.events).toEqual([
		{ id: ID, type: "t", isJson: true, data, metadata: event.metadata },
	]);
	expect(append.events[0]?.data).toBe(data);
});

test.each([
	["", "invalid-stream-name"],
	["a\nb", "invalid-stream-name"],
	["x".repeat(1025), "invalid-stream-name"],
	["ü".repeat(513), "invalid-stream-name"],
	["\ud800", "invalid-stream-name"],
	[".", "invalid-stream-name"],
	["..", "invalid-stream-name"],
	["...", undefined],
	["$all", "stream-not-writable"],
	["$streams", "stream-not-writable"],
	["$ce-x", "stream-not-writable"],
	["$et-x", "stream-not-writable"],
	["$bc-x", "stream-not-writable"],
	["$$order-1", undefined],
	["$mine", undefined],
	["$ce", undefined],
	["x".repeat(1024), undefined],
	["ü".repeat(512), undefined],
])("to the stream '%s' is refused with %s", (stream, word) => {
	expect(wordOf(stream, [offered()])).toBe(word);
});

test("data and metadata count together, up to the limit and not beyond", () => {
	const bytes = (length: number) => new Uint8Array(length);
	expect(wordOf("s", [offered({ data: bytes(6), metadata: bytes(4) })])).toBeUndefined();
	expect(wordOf("s", [offered({ data: bytes(6), metadata: bytes(5) })])).toBe("event-too-large");
});

test("the number of events has both ends", () => {
	const ids = [1, 2, 3, 4].map((n) => offered({ eventId: ID.replace(/.$/, String(n)) }));
	expect(wordOf("s", [])).toBe("malformed-body");
	expect(wordOf("s", ids.slice(0, 3))).toBeUndefined();
	expect(wordOf("s", ids)).toBe("too-many-events");
});

test("an id stands in an append once, in whatever notation", () => {
	const again = offered({ eventId: ID.replaceAll("-", "") });
	expect(wordOf("s", [offered(), again])).toBe("duplicate-event-id");
});
