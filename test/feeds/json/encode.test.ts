import { encodeEntryJson, encodeFeedJson } from "../../../feeds/json/encode.ts";
import { encodeEventJson } from "../../../feeds/json/event.ts";
import type { Embed } from "../../../feeds/model.ts";
import { bytes, entry, entryWith, event, head, STREAM } from "../sample.ts";

const COMMON =
	`"title":"0@newstream","id":"${STREAM}/0","updated":"2026-06-14T09:31:22.1234567Z",` +
	`"author":{"name":"EventStore"},"summary":"SomeEvent"`;
const LINKS =
	`"links":[{"uri":"${STREAM}/0","relation":"edit"},` +
	`{"uri":"${STREAM}/0","relation":"alternate"}]`;
const CONTENT =
	'{"eventStreamId":"newstream","eventNumber":0,"eventType":"SomeEvent",' +
	'"eventId":"c322e299-cb73-4b47-97c5-5054f920746e","data":{"something":"has data"},' +
	'"metadata":""}';

function shown(change: Parameters<typeof entryWith>[0], embed: Embed) {
	const feed = { ...head, entries: [entryWith(change)] };
	return JSON.parse(encodeFeedJson(feed, embed)).entries[0];
}

describe("a JSON feed", () => {
	test("is the head page clients know, compact and without nulls", () => {
		expect(encodeFeedJson(head, "none")).toBe(
			`{"title":"Event stream 'newstream'","id":"${STREAM}",` +
				'"updated":"2026-06-14T09:31:22.1234567Z","streamId":"newstream",' +
				`"author":{"name":"EventStore"},"headOfStream":true,"selfUrl":"${STREAM}",` +
				`"eTag":"0;H","links":[{"uri":"${STREAM}","relation":"self"},` +
				`{"uri":"${STREAM}/head/backward/20","relation":"first"},` +
				`{"uri":"${STREAM}/1/forward/20","relation":"previous"},` +
				`{"uri":"${STREAM}/metadata","relation":"metadata"}],` +
				`"entries":[{${COMMON},${LINKS}}]}`,
		);
	});

	test("of a poll page has no entries, and no members that are only the head's", () => {
		const { selfUrl: _, eTag: __, ...forward } = head;
		const poll = { ...forward, updated: "0001-01-01T00:00:00Z", links: [], entries: [] };
		expect(encodeFeedJson(poll, "body")).toBe(
			`{"title":"Event stream 'newstream'","id":"${STREAM}",` +
				'"updated":"0001-01-01T00:00:00Z","streamId":"newstream",' +
				'"author":{"name":"EventStore"},"headOfStream":true,"links":[],"entries":[]}',
		);
	});

	test("at body shows data as text, before the event's coordinates", () => {
		expect(encodeFeedJson(head, "body")).toContain(
			'"entries":[{"eventId":"c322e299-cb73-4b47-97c5-5054f920746e",' +
				'"eventType":"SomeEvent","eventNumber":0,"data":"{\\"something\\":\\"has data\\"}",' +
				'"streamId":"newstream","isJson":true,"isMetaData":false,"isLinkMetaData":false,' +
				'"isRedacted":false,"positionEventNumber":0,"positionStreamId":"newstream",' +
				`"position":7,${COMMON},${LINKS}}]`,
		);
	});

	test("at content shows the event as an object", () => {
		expect(encodeFeedJson(head, "content")).toContain(
			`"entries":[{${COMMON},"content":${CONTENT},${LINKS}}]`,
		);
	});

	test("escapes whatever a stream or type is called", () => {
		const title = 'q " b \\ nl \n nul \0 half \ud800 </script> 😀';
		const feed = { ...head, title, streamId: title };
		expect(JSON.parse(encodeFeedJson(feed, "none"))).toMatchObject({ title, streamId: title });
	});
});

describe("embed", () => {
	const metadata = bytes('{"by":"me"}');

	test("none and content show no coordinates, rich shows them without data", () => {
		expect(shown({}, "none")).not.toHaveProperty("eventId");
		expect(shown({}, "content")).not.toHaveProperty("eventId");
		expect(shown({}, "rich")).toMatchObject({ eventId: event.eventId, position: 7 });
		expect(shown({}, "rich")).not.toHaveProperty("data");
	});

	test("rich says nothing of metadata, body does", () => {
		expect(shown({ metadata }, "rich")).toMatchObject({ isMetaData: false });
		expect(shown({ metadata }, "body")).toMatchObject({
			isMetaData: true,
			metaData: '{"by":"me"}',
		});
	});

	test("body leaves out data that is not JSON, tryharder shows them as text", () => {
		const change = { isJson: false, data: bytes("plain") };
		expect(shown(change, "body")).not.toHaveProperty("data");
		expect(shown(change, "pretty")).not.toHaveProperty("data");
		expect(shown(change, "tryharder")).toMatchObject({ data: "plain", isJson: false });
	});

	test("tryharder finds an object in data that are not called JSON, but nothing else", () => {
		const found = shown({ isJson: false, data: bytes('{"a":1}') }, "tryharder");
		expect(found).toMatchObject({ data: '{\n  "a": 1\n}', isJson: true });
		const array = shown({ isJson: false, data: bytes("[1]") }, "tryharder");
		expect(array).toMatchObject({ data: "[1]", isJson: false });
	});

	test("pretty lays out objects and keeps their numbers, and leaves arrays alone", () => {
		expect(shown({ data: bytes('{"n":1.10}') }, "pretty").data).toBe('{\n  "n": 1.10\n}');
		expect(shown({ data: bytes("[1.10]") }, "pretty").data).toBe("[1.10]");
	});

	test("of a link shows its metadata from body on, empty ones too", () => {
		const link = { streamId: "target", positionStreamId: "$ce-target" };
		expect(shown({ ...link, linkMetadata: bytes("") }, "body")).toMatchObject({
			linkMetaData: "",
			isLinkMetaData: false,
			streamId: "target",
			positionStreamId: "$ce-target",
		});
		expect(shown({ ...link, linkMetadata: bytes("{}") }, "body")).toMatchObject({
			linkMetaData: "{}",
			isLinkMetaData: true,
		});
	});

	test("content shows the event behind a link, too", () => {
		expect(shown({ linkMetadata: bytes("") }, "content").content.data).toEqual({
			something: "has data",
		});
	});
});

describe("the content object", () => {
	test("holds the stored bytes, spaces and digits included", () => {
		const data = '{ "n" : 12345678901234567890, "price": 1.10 }';
		const text = encodeEventJson({ ...event, data: bytes(data), metadata: bytes("[1.0]") });
		expect(text).toContain(`"data":${data},"metadata":[1.0]}`);
	});

	test("holds text where the stored bytes are no JSON", () => {
		const change = { data: bytes('broken "json'), metadata: bytes("\ufeff{}") };
		const content = JSON.parse(encodeEventJson({ ...event, ...change }));
		expect(content).toMatchObject({ data: 'broken "json', metadata: "\ufeff{}" });
	});

	test("holds text where the event is not JSON, whatever it looks like", () => {
		const content = JSON.parse(encodeEventJson({ ...event, isJson: false }));
		expect(content.data).toBe('{"something":"has data"}');
	});
});

describe("a single entry", () => {
	test("shows its event unless that is no JSON", () => {
		expect(encodeEntryJson(entry, "none")).toBe(`{${COMMON},"content":${CONTENT},${LINKS}}`);
		expect(encodeEntryJson(entryWith({ isJson: false }), "none")).toBe(`{${COMMON},${LINKS}}`);
	});

	test("of a link shows the event only at content", () => {
		const link = entryWith({ linkMetadata: bytes("") });
		expect(JSON.parse(encodeEntryJson(link, "none"))).not.toHaveProperty("content");
		expect(JSON.parse(encodeEntryJson(link, "content"))).toHaveProperty("content");
	});
});
