/** `Varve-Ignored`: what a client wrote and the server does not do, named in the answer of success. */
import { randomUUID } from "node:crypto";
import { ATOM_JSON, batch, get, type Reply } from "./ask.ts";
import { type Servers, startServers } from "./harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
});
afterAll(() => servers.close());

let streams = 0;
const nextStream = () => `draft-${++streams}`;

const event = (fields: object = {}) => ({
	eventId: randomUUID(),
	eventType: "Placed",
	data: {},
	...fields,
});

function describeAs(stream: string, metadata: string): Promise<Reply> {
	const headers = { "Content-Type": "application/json", "ES-EventId": randomUUID() };
	return servers.ask({ path: `/streams/${stream}/metadata`, headers, body: metadata });
}

async function shown(stream: string): Promise<number[]> {
	const { entries } = (await servers.ask(get(`/streams/${stream}`, ATOM_JSON))).json as {
		entries: { title: string }[];
	};
	return entries.map(({ title }) => Number.parseInt(title, 10));
}

const ignored = ({ status, headers }: Reply) => [status, headers["varve-ignored"]];

describe("metadata", () => {
	test.each([
		['{"$maxCount":2.0}', undefined],
		['{"$maxCount":2,"$maxAge":"60"}', '"$maxAge";event=0;reason="it is not a number"'],
		[
			'{"$cacheControl":null,"$maxCount":2,"$maxage":60}',
			'"$cacheControl";event=0;reason="it is not a number", ' +
				'"$maxage";event=0;reason="the log knows it as $maxAge"',
		],
	])("%s keeps its good rule, and the answer names the bad ones", async (metadata, expected) => {
		const stream = nextStream();
		await servers.ask(batch(stream, [event(), event(), event()]));
		expect(ignored(await describeAs(stream, metadata))).toEqual([201, expected]);
		expect(await shown(stream)).toEqual([2, 1]);
		const kept = await servers.ask(get(`/streams/${stream}/metadata`, "application/json"));
		expect(kept.text).toBe(metadata);
	});

	test("is named in batches and under the name of its own stream, too", async () => {
		const stream = nextStream();
		const events = [event({ data: { $tb: 1 } }), event({ data: { $tb: "1" } })];
		expect(ignored(await servers.ask(batch(`$$${stream}`, events)))).toEqual([
			201,
			'"$tb";event=1;reason="it is not a number"',
		]);
	});

	test("of $all names the rules that never hide anything from it", async () => {
		const reply = await describeAs("%24all", '{"$maxCount":5,"$maxAge":60,"$cacheControl":3}');
		expect(ignored(reply)).toEqual([
			201,
			'"$maxCount";event=0;reason="it does not apply to this stream", ' +
				'"$maxAge";event=0;reason="it does not apply to this stream"',
		]);
	});

	test("with a malformed ACL is refused, by any way to write it, and changes nothing", async () => {
		const stream = nextStream();
		await servers.ask(batch(stream, [event(), event()]));
		await describeAs(stream, '{"$maxCount":1}');
		const acl = { $maxCount: 5, $acl: { $r: 7 } };
		const fine = event({ data: {} });
		for (const refused of [
			await describeAs(stream, JSON.stringify(acl)),
			await servers.ask(batch(`$$${stream}`, [fine, event({ data: acl })])),
		]) {
			expect([refused.status, refused.json.type]).toEqual([
				400,
				"urn:varve:problem:malformed-metadata",
			]);
			expect(refused.json.detail).toContain("$acl is malformed: $r is neither");
		}
		expect(await shown(stream)).toEqual([1]);
	});
});

describe("an append", () => {
	test("without a fault has no such header", async () => {
		const metadata = { $correlationId: "checkout-7" };
		expect(ignored(await servers.ask(batch("s", [event({ metadata })])))).toEqual([201, undefined]);
	});

	test("whose correlation no index can have names it, and is written", async () => {
		const stream = nextStream();
		const events = [
			event(),
			event({ metadata: { $correlationId: "a\u0000b" } }),
			event({ metadata: { $correlationId: 12345678 } }),
		];
		expect(ignored(await servers.ask(batch(stream, events)))).toEqual([
			201,
			'"$correlationId";event=1;reason="as the name of a stream, it holds a control character", ' +
				'"$correlationId";event=2;reason="it is not text"',
		]);
		expect(await shown(stream)).toEqual([2, 1, 0]);
	});

	test("that is sent again is told again, beside that it is a repeat", async () => {
		const sent = batch(nextStream(), [event({ metadata: { $correlationId: 12345678 } })]);
		const first = await servers.ask(sent);
		const again = await servers.ask(sent);
		expect(again.headers["varve-repeated"]).toBe("true");
		expect(ignored(again)).toEqual(ignored(first));
	});

	test("of many such events names the first ten", async () => {
		const metadata = { $correlationId: 12345678 };
		const events = Array.from({ length: 500 }, () => event({ metadata }));
		const [, named] = ignored(await servers.ask(batch(nextStream(), events)));
		expect(String(named).match(/event=\d+/g)).toHaveLength(10);
	});
});
