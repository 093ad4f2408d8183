import { decodeEntryAtom, decodeFeedAtom } from "../../../feeds/atom/decode.ts";
import { encodeEntryAtom, encodeFeedAtom } from "../../../feeds/atom/encode.ts";
import { FeedFormatError } from "../../../feeds/errors.ts";
import { anyFeed, randomFrom, runSeed } from "../random.ts";
import { bytes, entry, entryWith, head, thrownBy } from "../sample.ts";

function text(data: Uint8Array | undefined): string | undefined {
	return data && Buffer.from(data).toString();
}

describe("a round trip through Atom", () => {
	const seed = runSeed();

	test("brings back all that XML can say of a page", () => {
		const random = randomFrom(seed);
		for (let i = 0; i < 200; i++) {
			const { streamId: _, selfUrl: __, eTag: ___, ...feed } = anyFeed(random);
			const entries = feed.entries.map(({ event: _, ...rest }) => rest);
			expect(decodeFeedAtom(encodeFeedAtom(feed, "none"))).toEqual({
				...feed,
				headOfStream: false,
				entries,
			});
		}
	});

	test("brings back whose event it is, in a feed and in an entry", () => {
		const names = { streamId: "newstream", eventNumber: 0, eventType: "SomeEvent", isJson: true };
		const [first] = decodeFeedAtom(encodeFeedAtom(head, "content")).entries;
		expect(first?.event).toMatchObject(names);
		expect(decodeEntryAtom(encodeEntryAtom(entry, "none")).event).toMatchObject(names);
	});

	test("brings back data that were text, and says nothing of others", () => {
		const read = (data: string, metadata: string) =>
			decodeEntryAtom(
				encodeEntryAtom(entryWith({ data: bytes(data), metadata: bytes(metadata) }), "none"),
			).event;
		expect(text(read("plain\r\n ]]> 😀", "{}")?.data)).toBe("plain\r\n ]]> 😀");
		expect(text(read("1.10", "{}")?.data)).toBe("1.10");
		for (const data of ['{"a":1}', "[1,2]", "{}", "null", "", '{"@a":1}']) {
			expect(read(data, data)).not.toHaveProperty("data");
			expect(read(data, data)).not.toHaveProperty("metadata");
		}
	});
});

describe("a feed of another kind", () => {
	test("is read with any prefix, and links without a relation", () => {
		const feed = decodeFeedAtom(
			'<x:feed xmlns:x="http://www.w3.org/2005/Atom" xmlns:o="urn:o"><o:id>no</o:id>' +
				"<x:id>i</x:id><x:title type='text'><![CDATA[a <b>]]></x:title>" +
				"<x:updated>2026-01-01T00:00:00Z</x:updated><x:link href='http://h/'/>" +
				"<x:entry><x:id>e</x:id><x:title/><x:updated>2026-01-01T00:00:00Z</x:updated>" +
				"<x:content type='text'>hello</x:content></x:entry></x:feed>",
		);
		expect(feed).toMatchObject({
			id: "i",
			title: "a <b>",
			author: "",
			links: [{ relation: "alternate", uri: "http://h/" }],
			entries: [{ id: "e", title: "", summary: "", links: [] }],
		});
		expect(feed.entries[0]).not.toHaveProperty("event");
	});
});

describe("what is no Atom feed", () => {
	const ATOM = 'xmlns="http://www.w3.org/2005/Atom"';
	test.each([
		["", "the document is empty"],
		["plain", "not well-formed"],
		[`<feed ${ATOM}>`, "not well-formed"],
		[`<feed ${ATOM}></feed>x`, "not well-formed"],
		[`<feed ${ATOM}>&x;</feed>`, "not well-formed"],
		["<feed/>", "the root is not an Atom feed"],
		[`<entry ${ATOM}/>`, "the root is not an Atom feed"],
		[`<feed ${ATOM}/>`, "feed: id is missing"],
		[`<feed ${ATOM}><id/><title/><updated/><entry/></feed>`, "entry 0: title is missing"],
		[`<feed ${ATOM}><id/><title/><updated/><link/></feed>`, "feed: a link has no href"],
	])("is refused with the reason: %s", (document, reason) => {
		const error = thrownBy(() => decodeFeedAtom(document));
		expect(error).toBeInstanceOf(FeedFormatError);
		expect((error as Error).message).toContain(reason);
	});

	test("is refused when it declares entities, however harmless", () => {
		const bomb =
			'<!DOCTYPE feed [<!ENTITY a "ha"><!ENTITY b "&a;&a;">' +
			'<!ENTITY f SYSTEM "file:///etc/passwd">]>';
		expect(() => decodeFeedAtom(`${bomb}<feed ${ATOM}><id>&b;&f;</id></feed>`)).toThrow(
			"document type",
		);
	});

	test("is refused without harm however deep it nests", () => {
		const deep = `${"<a>".repeat(100_000)}${"</a>".repeat(100_000)}`;
		expect(() => decodeFeedAtom(deep)).toThrow(FeedFormatError);
	});
});
