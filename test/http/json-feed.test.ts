import { randomUUID } from "node:crypto";
import { batch, get } from "./ask.ts";
import { type Servers, startServers } from "./harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
	const events = Array.from({ length: 25 }, (_, n) => ({
		eventId: randomUUID(),
		eventType: `Type${n % 2}`,
		data: { n },
	}));
	expect((await servers.ask(batch("feed", events))).status).toBe(201);
});
afterAll(() => servers.close());

describe("a page as a JSON Feed", () => {
	test("is version 1.1, newest first, and leads to older items", async () => {
		const reply = await servers.ask(get("/streams/feed", "application/feed+json"));
		expect([reply.status, reply.headers["content-type"]]).toEqual([
			200,
			"application/feed+json; charset=utf-8",
		]);
		const { items, ...feed } = reply.json as { items: unknown[] };
		expect(feed).toEqual({
			version: "https://jsonfeed.org/version/1.1",
			title: "Event stream 'feed'",
			home_page_url: `${servers.url}/streams/feed`,
			feed_url: `${servers.url}/streams/feed`,
			next_url: `${servers.url}/streams/feed/4/backward/5`,
			authors: [{ name: "EventStore" }],
		});
		expect(items).toHaveLength(20);
		expect(items[0]).toMatchObject({
			id: `${servers.url}/streams/feed/24`,
			url: `${servers.url}/streams/feed/24`,
			title: "24@feed",
			content_text: '{"n":24}',
			tags: ["Type0"],
			_varve: { stream: "feed", version: 24, position: 24, type: "Type0", data: { n: 24 } },
		});
	});

	test("is kept for ever once it is sealed, like any page", async () => {
		const sealed = await servers.ask(get("/streams/feed/0/forward/20", "application/feed+json"));
		expect(sealed.headers["cache-control"]).toBe("max-age=31536000, public, immutable");
		expect((sealed.json.items as unknown[]).length).toBe(20);
		const again = await servers.ask(
			get("/streams/feed/0/forward/20", "application/feed+json", {
				"If-None-Match": sealed.headers.etag,
			}),
		);
		expect(again.status).toBe(304);
	});
});
