/** Persistent subscriptions as clients of EventStore know them (contract 7). */
import { randomUUID } from "node:crypto";
import { decodeFeedAtom } from "../../../feeds/atom/decode.ts";
import type { Json } from "../ask.ts";
import { type Servers, startServers, until } from "../harness.ts";
import { ADMIN, COMPETING, Consumer, counted } from "./consumer.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({ insecureDefaults: true, insecure: false });
});
afterAll(() => servers.close());

const newStream = () => `orders-${randomUUID()}`;
const feed = { headers: { Accept: COMPETING } };

async function subscribed(settings: object = {}, events = 0) {
	const stream = newStream();
	const consumer = new Consumer(servers, stream);
	if (events > 0) await servers.ask(counted(stream, events));
	expect((await consumer.create(settings)).status).toBe(201);
	return { stream, consumer };
}

type FeedJson = { entries: Json[]; links: { uri: string; relation: string }[] };
const linksOf = (of: { links: { uri: string; relation: string }[] }) =>
	new Map(of.links.map(({ uri, relation }) => [relation, uri.replace(servers.url, "")]));

function post(path: string) {
	return servers.ask({ method: "POST", path, headers: { Authorization: ADMIN } });
}

describe("a subscription is made, changed and deleted", () => {
	test("PUT makes it for a stream that need not exist, and says where", async () => {
		const consumer = new Consumer(servers, "new stream", "group 1");
		const made = await consumer.create({ resolveLinktos: true, startFrom: 0 });
		expect([made.status, made.reason]).toEqual([201, "Created"]);
		expect(made.headers.location).toBe(`${servers.url}/subscriptions/new%20stream/group%201`);
		expect(made.json).toEqual({ correlationId: expect.any(String), reason: "", result: "Success" });
		const again = await consumer.create();
		expect([again.status, again.json.result, again.json.reason]).toEqual([
			409,
			"AlreadyExists",
			"Group 'group 1' already exists.",
		]);
		expect((await servers.ask({ path: "/streams/new%20stream" })).status).toBe(404);
	});

	test("what the body leaves out has its default; names are in any case", async () => {
		const { consumer } = await subscribed({ MESSAGETIMEOUTMILLISECONDS: 0, maxRetryCount: 3 });
		expect((await consumer.info()).config).toMatchObject({
			messageTimeoutMilliseconds: 0,
			maxRetryCount: 3,
			bufferSize: 500,
			readBatchSize: 20,
			namedConsumerStrategy: "RoundRobin",
			resolveLinktos: false,
		});
		const stream = newStream();
		const none = new Consumer(servers, stream);
		expect((await none.ask("", { method: "PUT" })).status).toBe(201);
		const config = (await none.info()).config as Json;
		expect(config.messageTimeoutMilliseconds).toBe(10_000);
	});

	test("XML says the same", async () => {
		const consumer = new Consumer(servers, newStream());
		const body =
			"<PersistentSubscriptionInfo><ResolveLinktos>true</ResolveLinktos>" +
			"<MaxRetryCount>7</MaxRetryCount></PersistentSubscriptionInfo>";
		const headers = { "Content-Type": "text/xml", Accept: "text/xml" };
		const made = await consumer.ask("", { method: "PUT", body, headers });
		expect([made.status, made.headers["content-type"]]).toEqual([201, "text/xml; charset=utf-8"]);
		expect(made.text).toContain("<Result>Success</Result>");
		expect((await consumer.info()).config).toMatchObject({
			resolveLinktos: true,
			maxRetryCount: 7,
		});
	});

	test.each([
		[{ bufferSize: 0 }, "Buffer Size (0) must be positive"],
		[{ liveBufferSize: -1 }, "Live Buffer Size (-1) must be positive"],
		[{ readBatchSize: 0 }, "Read Batch Size (0) must be positive"],
		[{ bufferSize: 20 }, "BufferSize (20) must be larger than ReadBatchSize (20)"],
		[{ namedConsumerStrategy: "Luck" }, "Consumer strategy Luck does not exist."],
		[
			{ startFrom: -2 },
			"Invalid Start From position: event number must be greater than or equal to -1.",
		],
		[{ namedConsumerStrategy: { toString: 1 } }, "namedConsumerStrategy must be a string."],
		[{ preferRoundRobin: "false" }, "preferRoundRobin must be true or false."],
		[{ startPosition: "soon" }, "startPosition must be a whole number in a string."],
		[{ startPosition: { toString: 1 } }, "startPosition must be a whole number in a string."],
		[{ startPosition: ["5"] }, "startPosition must be a whole number in a string."],
		[{ maxRetryCount: "3" }, "maxRetryCount must be a whole number."],
		[{ bufferSize: 1e9 }, "bufferSize (1000000000) must not be larger than 100000"],
		[{ resolveLinktos: "yes" }, "resolveLinktos must be true or false."],
		[{ filter: { context: "streamid", type: "regex", data: "(" } }, /regular expression/],
		[{ orderedBy: "customer" }, /a path begins with \$/],
	])("%j is refused, and nothing is made", async (settings, reason) => {
		const consumer = new Consumer(servers, newStream());
		const refused = await consumer.create(settings);
		expect(refused.status).toBe(400);
		expect(refused.json.reason ?? refused.json.detail).toEqual(
			typeof reason === "string" ? reason : expect.stringMatching(reason),
		);
		expect((await consumer.ask("/info")).status).toBe(404);
	});

	test("POST changes it, and a group that is not there is 404", async () => {
		const { consumer } = await subscribed();
		const change = (of: Consumer) => {
			const headers = { "Content-Type": "application/json" };
			return of.ask("", { method: "POST", body: '{"maxRetryCount":1}', headers });
		};
		expect((await change(consumer)).status).toBe(200);
		expect((await consumer.info()).config).toMatchObject({ maxRetryCount: 1 });
		const missing = await change(new Consumer(servers, newStream(), "nobody"));
		expect([missing.status, missing.json.result, missing.json.reason]).toEqual([
			404,
			"DoesNotExist",
			"Group 'nobody' does not exist.",
		]);
	});

	test("DELETE ends it, and its place is forgotten", async () => {
		const { stream, consumer } = await subscribed({}, 3);
		await consumer.answer("ack", await consumer.take(3));
		expect((await consumer.ask("", { method: "DELETE" })).status).toBe(200);
		expect((await consumer.ask("", { method: "DELETE" })).status).toBe(404);
		expect((await consumer.ask("/1", feed)).status).toBe(404);
		await new Consumer(servers, stream).create();
		expect((await consumer.take(5)).map(({ number }) => number)).toEqual([0, 1, 2]);
	});

	test("only operators may, and only those who are known read", async () => {
		const { consumer } = await subscribed({}, 1);
		for (const [method, path] of [
			["PUT", ""],
			["POST", ""],
			["DELETE", ""],
			["GET", "/1"],
			["GET", "/info"],
			["POST", "/replayParked"],
			["POST", `/ack/${randomUUID()}`],
		] as const) {
			const refused = await servers.ask({ method, path: consumer.path + path });
			expect([method, path, refused.status]).toEqual([method, path, 401]);
		}
	});
});

describe("messages", () => {
	test("a feed, newest delivery first, with links that answer for each and for all", async () => {
		const { stream, consumer } = await subscribed({}, 3);
		const reply = await consumer.ask("/2?embed=body", feed);
		expect(reply.headers["content-type"]).toBe(`${COMPETING}; charset=utf-8`);
		expect(reply.headers["cache-control"]).toBe("no-store");
		const page = reply.json as unknown as FeedJson & Json;
		expect(page.title).toBe(`Messages for '${stream}/group'`);
		expect([...linksOf(page).keys()]).toEqual(["ackAll", "nackAll", "previous", "self"]);
		expect(linksOf(page).get("previous")).toBe(`${consumer.path}/2`);
		expect(page.entries.map((entry) => [entry.eventNumber, entry.retryCount])).toEqual([
			[1, 0],
			[0, 0],
		]);
		const [newest] = page.entries as [FeedJson & Json];
		const links = linksOf(newest);
		expect([...links.keys()]).toEqual(["edit", "alternate", "ack", "nack"]);
		expect(links.get("ack")).toContain(`${consumer.path}/ack/${newest.eventId}?token=`);
		const acked = await post(linksOf(page).get("ackAll") ?? "");
		expect([acked.status, acked.reason, acked.text]).toEqual([202, "", ""]);
		expect((await consumer.info()).totalInFlightMessages).toBe(0);
	});

	test("Atom is the default; other feeds are refused", async () => {
		const { consumer } = await subscribed({}, 1);
		const atom = await consumer.ask("", { headers: { Accept: "*/*" } });
		expect(atom.headers["content-type"]).toBe(
			"application/vnd.eventstore.competingatom+xml; charset=utf-8",
		);
		expect(atom.text).toContain('<retryCount xmlns="">0</retryCount>');
		expect(decodeFeedAtom(atom.text).entries).toHaveLength(1);
		for (const Accept of ["application/json", "text/xml"]) {
			expect((await consumer.ask("/1", { headers: { Accept } })).status).toBe(406);
		}
	});

	test("one message without a count; counts beyond 1 to 100 are refused", async () => {
		const { consumer } = await subscribed({}, 3);
		expect(((await consumer.ask("", feed)).json.entries as unknown[]).length).toBe(1);
		for (const count of ["0", "-1", "101", "many"]) {
			const refused = await consumer.ask(`/${count}`, feed);
			expect([refused.status, refused.json.reason]).toEqual([
				400,
				`Message count must be an integer between 1 and 100 'count' ='${count === "101" ? 101 : 0}'`,
			]);
		}
	});

	test("HEAD takes no message", async () => {
		const { consumer } = await subscribed({}, 1);
		expect((await consumer.ask("/1", { ...feed, method: "HEAD" })).status).toBe(200);
		expect(await consumer.take(1)).toMatchObject([{ retryCount: 0 }]);
	});

	test("an empty feed has no link that answers for all", async () => {
		const { consumer } = await subscribed();
		const { json } = await consumer.ask("/5", feed);
		expect([...linksOf(json as unknown as FeedJson).keys()]).toEqual(["previous", "self"]);
		expect(json.updated).toBe("0001-01-01T00:00:00Z");
	});

	test("a prefix of a proxy stands in every link", async () => {
		const proxied = await startServers({ insecureDefaults: true, trustedProxies: "127.0.0.1" });
		const consumer = new Consumer(proxied, "orders");
		await consumer.create();
		await proxied.ask(counted("orders", 1));
		const headers = {
			Accept: COMPETING,
			"X-Forwarded-Prefix": "/store",
			"X-Forwarded-Proto": "https",
		};
		const { text } = await consumer.ask("/1", { headers });
		expect(text).toContain("/store/subscriptions/orders/group/ack/");
		await proxied.close();
	});
});

describe("ack and nack", () => {
	test("an id that is no UUID is refused; what nobody waits for is no fault", async () => {
		const { consumer } = await subscribed();
		const refused = await consumer.ask("/ack/not-a-guid", { method: "POST" });
		expect([refused.status, refused.reason]).toEqual([
			400,
			"messageid should be a properly formed guid",
		]);
		for (const path of ["/ack", "/ack?ids=", "/ack?ids=,", "/nack?ids=&action=park"]) {
			expect((await consumer.ask(path, { method: "POST" })).status).toBe(400);
		}
		const missing = new Consumer(servers, newStream(), "nobody");
		for (const one of [consumer, missing]) {
			const path = `/ack?ids=${randomUUID()},${randomUUID()}`;
			expect((await one.ask(path, { method: "POST" })).status).toBe(202);
		}
	});

	test("retry brings a message again; too many retries park it", async () => {
		const { consumer } = await subscribed({ maxRetryCount: 1 }, 1);
		for (const retryCount of [0, 1]) {
			const [line] = await consumer.take(1);
			expect(line?.retryCount).toBe(retryCount);
			expect(
				(await consumer.ask(`/nack/${line?.id}?action=retry`, { method: "POST" })).status,
			).toBe(202);
		}
		await until(async () => (await consumer.info()).parkedMessageCount === 1);
		expect(await consumer.take(1)).toEqual([]);
	});

	test("skip drops a message; stop does nothing", async () => {
		const { consumer } = await subscribed({}, 2);
		const lines = await consumer.take(2);
		await consumer.answer("nack?action=Skip", lines.slice(0, 1));
		await consumer.answer("nack?action=stop", lines.slice(1));
		expect(await consumer.info()).toMatchObject({
			totalInFlightMessages: 1,
			totalItemsProcessed: 1,
			parkedMessageCount: 0,
		});
	});

	test("an action that is appended to a link with a query counts", async () => {
		const { consumer } = await subscribed({}, 1);
		const { json } = await consumer.ask("/1", feed);
		const [entry] = (json as unknown as FeedJson).entries as [FeedJson];
		expect((await post(`${linksOf(entry).get("nack")}?action=skip`)).status).toBe(202);
		expect((await consumer.info()).totalItemsProcessed).toBe(1);
	});
});

describe("parked messages", () => {
	test("are links with their reason, are seen as pages, and come again", async () => {
		const { stream, consumer } = await subscribed({}, 3);
		await consumer.answer("nack?action=park", await consumer.take(3));
		await until(async () => (await consumer.info()).parkedMessageCount === 3);
		const path = `/subscriptions/viewparkedmessages/${stream}/group/0/forward/20?embed=body`;
		const headers = { Accept: COMPETING, Authorization: ADMIN };
		const page = await servers.ask({ path, headers });
		expect([page.status, page.headers["content-type"]]).toEqual([
			200,
			`${COMPETING}; charset=utf-8`,
		]);
		const entries = page.json.entries as Json[];
		expect(entries.map((entry) => entry.title)).toEqual([2, 1, 0].map((n) => `${n}@${stream}`));
		expect(JSON.parse(String(entries[0]?.linkMetaData))).toEqual({
			added: expect.any(String),
			reason: "Client explicitly NAK'ed message.\nNacked from HTTP",
			subscriptionEventNumber: 2,
		});

		const replayed = await consumer.ask("/replayParked?stopAt=2", { method: "POST" });
		expect([replayed.status, replayed.json.result]).toEqual([200, "Success"]);
		const again = await consumer.take(10);
		expect(again.map(({ event, retryCount }) => [event.version, retryCount])).toEqual([
			[0, 0],
			[1, 0],
		]);
		expect((await consumer.info()).parkedMessageCount).toBe(1);
		await consumer.answer("ack", again);
		await consumer.ask("/replayParked", { method: "POST" });
		await consumer.answer("ack", await consumer.take(10));
		await until(async () => (await servers.ask({ path, headers })).json.entries);
		await until(async () => {
			const { entries } = (await servers.ask({ path, headers })).json;
			return (entries as Json[]).length === 0;
		});
	});

	test("a replay without parked messages changes nothing, and the next one works", async () => {
		const { consumer } = await subscribed({}, 1);
		await consumer.ask("/replayParked", { method: "POST" });
		await consumer.answer("nack?action=park", await consumer.take(1));
		await until(async () => (await consumer.info()).parkedMessageCount === 1);
		await consumer.ask("/replayParked", { method: "POST" });
		expect(await consumer.take(1)).toHaveLength(1);
	});

	test("are discarded: one, some, those below a number, and all", async () => {
		const { consumer, stream } = await subscribed({}, 12);
		await consumer.answer("nack?action=park", await consumer.take(12));
		const parked = async (query = "") => {
			const reply = await consumer.ask(`/parked${query}`, {
				headers: { Accept: "application/json" },
			});
			return (reply.json as unknown as { number: number }[]).map(({ number }) => number);
		};
		const discard = async (path: string) =>
			(await consumer.ask(`/parked${path}`, { method: "DELETE" })).json.discarded;
		await until(async () => (await parked()).length === 12);
		expect((await consumer.ask("/parked?count=1")).json).toEqual([
			{
				number: 0,
				eventStreamId: stream,
				eventNumber: 0,
				parked: expect.stringMatching(/Z$/),
				reason: "Client explicitly NAK'ed message.\nNacked from HTTP",
			},
		]);
		expect(await discard("/5")).toBe(1);
		expect(await discard("/5")).toBe(0);
		expect(await discard("?numbers=7,8,5,99")).toBe(2);
		expect(await discard("?stopAt=2")).toBe(2);
		expect(await parked()).toEqual([2, 3, 4, 6, 9, 10, 11]);
		expect(await parked("?from=4&count=2")).toEqual([4, 6]);
		expect((await consumer.info()).parkedMessageCount).toBe(7);
		const metadata = `/streams/${encodeURIComponent(`$persistentsubscription-${stream}::group-parked`)}/metadata`;
		const reads = { path: metadata, headers: { Authorization: ADMIN, Accept: "application/json" } };
		expect((await servers.ask(reads)).json).toEqual({
			$tb: 2,
			discarded: [
				[5, 5],
				[7, 8],
			],
		});

		// A replay leaves them out, and they stay away when it is over.
		await consumer.ask("/replayParked?stopAt=10", { method: "POST" });
		const again = await consumer.take(100);
		expect(again.map(({ event }) => event.version)).toEqual([2, 3, 4, 6, 9]);
		expect(await discard("/10")).toBe(1);
		await consumer.answer("ack", again);
		await until(async () => (await servers.ask(reads)).json.$tb === 10);
		expect(await parked()).toEqual([11]);
		await post("/subscriptions/restart");
		expect(await parked()).toEqual([11]);
		expect(await discard("")).toBe(1);
		expect(await parked()).toEqual([]);
		expect((await servers.ask(reads)).json).toEqual({ $tb: 12 });
		await consumer.ask("/replayParked", { method: "POST" });
		expect(await consumer.take(10)).toEqual([]);
	});

	test.each(["/x", "?numbers=", "?numbers=1,x", "?numbers=1&stopAt=2", "?stop-at=3", "?stopAt=-1"])(
		"DELETE /parked%s is refused, and discards nothing",
		async (query) => {
			const { consumer } = await subscribed({}, 1);
			await consumer.answer("nack?action=park", await consumer.take(1));
			expect((await consumer.ask(`/parked${query}`, { method: "DELETE" })).status).toBe(400);
			expect((await consumer.info()).parkedMessageCount).toBe(1);
		},
	);

	test("what somebody writes into the metadata of their stream stays there", async () => {
		const { consumer, stream } = await subscribed({}, 2);
		await consumer.answer("nack?action=park", await consumer.take(2));
		const name = encodeURIComponent(`$persistentsubscription-${stream}::group-parked`);
		const path = `/streams/${name}/metadata`;
		const headers = { Authorization: ADMIN, "Content-Type": "application/json" };
		const body = '{"$acl":{"$r":"$admins"},"note":1}';
		const written = { ...headers, "ES-EventId": randomUUID() };
		await servers.ask({ method: "POST", path, headers: written, body });
		await consumer.ask("/parked/0", { method: "DELETE" });
		const { json } = await servers.ask({
			path,
			headers: { ...headers, Accept: "application/json" },
		});
		expect(json).toEqual({ $acl: { $r: "$admins" }, note: 1, $tb: 1 });
	});

	test.each(["x", "-1", "1.5"])("stopAt=%s is refused", async (value) => {
		const { consumer } = await subscribed();
		const refused = await consumer.ask(`/replayParked?stopAt=${value}`, { method: "POST" });
		expect(refused.status).toBe(400);
	});
});

describe("statistics", () => {
	test("of one, of a stream's, of all, and of a part", async () => {
		const { stream, consumer } = await subscribed({}, 2);
		await new Consumer(servers, stream, "other").create();
		await consumer.answer("ack", (await consumer.take(2)).slice(0, 1));
		expect(await consumer.info()).toMatchObject({
			eventStreamId: stream,
			groupName: "group",
			parkedMessageUri: `${servers.url}/streams/%24persistentsubscription-${stream}::group-parked`,
			getMessagesUri: `${servers.url}${consumer.path}/1`,
			status: "Live",
			totalItemsProcessed: 1,
			lastProcessedEventNumber: 0,
			lastKnownEventNumber: 1,
			totalInFlightMessages: 1,
			lagEvents: 1,
			connections: [{ from: "consumer", inFlightMessages: 1 }],
		});
		const headers = { Authorization: ADMIN, Accept: "application/json" };
		const ofStream = await servers.ask({ path: `/subscriptions/${stream}`, headers });
		expect((ofStream.json as unknown as Json[]).map(({ groupName }) => groupName)).toEqual([
			"group",
			"other",
		]);
		const all = await servers.ask({ path: "/subscriptions", headers });
		expect((all.json as unknown as Json[]).length).toBeGreaterThan(2);
		const part = await servers.ask({ path: "/subscriptions?offset=1&count=1", headers });
		const { links, ...paged } = part.json;
		expect(paged).toMatchObject({ offset: 1, count: 1, total: expect.any(Number) });
		expect((links as { rel: string }[]).map(({ rel }) => rel)).toEqual([
			"self",
			"first",
			"previous",
			"next",
		]);
		const xml = await servers.ask({
			path: `/subscriptions/${stream}`,
			headers: { ...headers, Accept: "text/xml" },
		});
		expect(xml.text).toContain("<SubscriptionSummary><Links><RelLink>");
	});

	test.each([
		["offset=-1&count=1", 'Offset "-1" must be a non-negative integer'],
		["count=0", 'Count "0" must be a positive integer'],
		["offset=1", 'Count "" must be a positive integer'],
	])("?%s is refused", async (query, reason) => {
		const headers = { Authorization: ADMIN };
		const refused = await servers.ask({ path: `/subscriptions?${query}`, headers });
		expect([refused.status, refused.json.reason]).toEqual([400, reason]);
	});

	test("a stream without groups is 404", async () => {
		const headers = { Authorization: ADMIN };
		const missing = await servers.ask({ path: `/subscriptions/${newStream()}`, headers });
		expect(missing.status).toBe(404);
	});

	test("restart loads all anew, from their checkpoints", async () => {
		const { consumer } = await subscribed({}, 3);
		await consumer.answer("ack", (await consumer.take(3)).slice(1));
		const restarted = await post("/subscriptions/restart");
		expect([restarted.status, restarted.json]).toEqual([200, "Restarting"]);
		expect((await consumer.take(3)).map(({ number }) => number)).toEqual([0]);
	});
});
