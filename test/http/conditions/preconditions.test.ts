import { randomUUID } from "node:crypto";
import { ATOM, ATOM_JSON, batch, get, type Reply } from "../ask.ts";
import { type Servers, startServers } from "../harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
});
afterAll(() => servers.close());

let streams = 0;
const newStream = () => `conditions-${++streams}`;
const events = (count = 1) =>
	Array.from({ length: count }, () => ({ eventId: randomUUID(), eventType: "Placed", data: {} }));

/** Appends through each lane in turn, so that both have to know. */
function append(stream: string, headers: Record<string, string>, sent = events()): Promise<Reply> {
	const lane = streams % 2 === 0 ? servers : servers.express;
	return lane.ask(batch(stream, sent, headers));
}

async function streamOf(count: number): Promise<string> {
	const stream = newStream();
	expect((await append(stream, {}, events(count))).status).toBe(201);
	return stream;
}

const tagOf = async (stream: string, accept?: string, headers = {}) =>
	(await servers.ask(get(`/streams/${stream}`, accept, headers))).headers.etag ?? "";

describe("an append with If-None-Match: *", () => {
	test.each([1, 2])(
		"writes to a stream that does not exist, and misses with 412 else",
		async () => {
			const stream = newStream();
			expect((await append(stream, { "If-None-Match": "*" })).status).toBe(201);
			const missed = await append(stream, { "If-None-Match": " * " });
			expect([missed.status, missed.reason]).toEqual([412, "Precondition Failed"]);
			expect(missed.headers["es-currentversion"]).toBe("0");
			expect(missed.headers["kurrent-currentversion"]).toBe("0");
			expect(missed.headers["content-type"]).toBe("application/problem+json");
			expect(missed.json).toMatchObject({
				type: "urn:varve:problem:precondition-failed",
				status: 412,
				stream,
				precondition: "If-None-Match: *",
				current: 0,
			});
			expect(await servers.log.last(stream as never)).toBe(0);
		},
	);

	test("repeated with the same ids answers what it answered first", async () => {
		const stream = newStream();
		const sent = events(2);
		const first = await append(stream, { "If-None-Match": "*" }, sent);
		await append(stream, {});
		const again = await append(stream, { "If-None-Match": "*" }, sent);
		expect([again.status, again.headers.location]).toEqual([201, first.headers.location]);
		expect(again.headers["varve-repeated"]).toBe("true");
		expect(await servers.log.last(stream as never)).toBe(2);
	});

	test("takes nothing but *", async () => {
		const reply = await append(newStream(), { "If-None-Match": '"3;1"' });
		expect([reply.status, reply.json.header]).toEqual([400, "If-None-Match"]);
	});
});

describe("an append with If-Match", () => {
	test.each([
		[ATOM, "identity"],
		[ATOM_JSON, "identity"],
		[ATOM, "gzip"],
		["text/xml", "br"],
	])("writes after the head whose tag it names, as %s in %s", async (accept, coding) => {
		const stream = await streamOf(3);
		const tag = await tagOf(stream, accept, { "Accept-Encoding": coding });
		const written = await append(stream, { "If-Match": tag });
		expect([written.status, written.headers.location]).toEqual([
			201,
			`${new URL(written.headers.location ?? "").origin}/streams/${stream}/3`,
		]);
		const missed = await append(stream, { "If-Match": tag });
		expect([missed.status, missed.headers["es-currentversion"]]).toEqual([412, "3"]);
	});

	test("lets one of many that name the same head through", async () => {
		const stream = await streamOf(1);
		const tag = await tagOf(stream);
		const replies = await Promise.all(
			Array.from({ length: 8 }, () => append(stream, { "If-Match": tag })),
		);
		expect(replies.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(412)]);
	});

	test("repeated with the same ids answers what it answered first", async () => {
		const stream = await streamOf(1);
		const tag = await tagOf(stream);
		const sent = events();
		const first = await append(stream, { "If-Match": tag }, sent);
		const again = await append(stream, { "If-Match": tag }, sent);
		expect([again.status, again.headers.location]).toEqual([201, first.headers.location]);
	});

	test("* writes to a stream that exists, and misses with 412 else", async () => {
		const stream = newStream();
		const missed = await append(stream, { "If-Match": "*" });
		expect([missed.status, missed.headers["es-currentversion"]]).toEqual([412, "-1"]);
		await append(stream, {});
		const sent = events(2);
		expect((await append(stream, { "If-Match": "*" }, sent)).status).toBe(201);
		// The stream is there; what is wrong is the batch, as without the header.
		const mixed = await append(stream, { "If-Match": "*" }, [...sent, ...events()]);
		expect([mixed.status, mixed.reason]).toEqual([400, "Wrong expected EventNumber"]);
	});

	test.each(['W/"0;1"', '"abc"', '""', '"-1;5"', '"0"'])(
		"misses with a tag no head has: %s",
		async (tag) => {
			const stream = await streamOf(1);
			const missed = await append(stream, { "If-Match": tag });
			expect([missed.status, missed.headers["es-currentversion"]]).toEqual([412, "0"]);
		},
	);

	test("takes a list whose tags are of one version", async () => {
		const stream = await streamOf(1);
		const list = '"0;1", W/"x", "0;2"';
		expect((await append(stream, { "If-Match": list })).status).toBe(201);
		const two = await append(stream, { "If-Match": '"0;1", "1;1"' });
		expect([two.status, two.json.header]).toEqual([400, "If-Match"]);
	});

	test.each(["0;1", "17", '"0;1', "", '*, "0;1"'])(
		"refuses what is no entity tag: %s",
		async (value) => {
			const reply = await append(newStream(), { "If-Match": value });
			expect([reply.status, reply.json.header]).toEqual([400, "If-Match"]);
		},
	);
});

test.each([
	{ "If-Match": "*", "If-None-Match": "*" },
	{ "If-Match": "*", "ES-ExpectedVersion": "-2" },
	{ "If-None-Match": "*", "Kurrent-ExpectedVersion": "-1" },
])("two headers that say what is expected are refused: %j", async (headers) => {
	const stream = newStream();
	const reply = await append(stream, headers as Record<string, string>);
	expect([reply.status, reply.json.type]).toEqual([400, "urn:varve:problem:malformed-header"]);
	expect(await servers.log.last(stream as never)).toBe(-1);
});
