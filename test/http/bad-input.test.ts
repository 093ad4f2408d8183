/**
 * Requests that are wrong, hostile or cut short: each gets a clear answer where there is anyone to
 * answer, nothing is written, and the server goes on.
 */
import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import { allOf, batch, EVENTS_JSON, get, head, open, raw } from "./ask.ts";
import { type Servers, startServers, until } from "./harness.ts";

const BODY_BYTES_MAX = 64 * 1024;
const EVENT_BYTES_MAX = 8 * 1024;

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({
		bodyBytesMax: BODY_BYTES_MAX,
		eventBytesMax: EVENT_BYTES_MAX,
		eventsPerAppendMax: 100,
		requestTimeoutMs: 3000,
	});
	const events = Array.from({ length: 20 }, () => event());
	expect((await servers.ask(batch("s", events))).status).toBe(201);
});
afterAll(() => servers.close());

let before: number;
beforeEach(async () => {
	before = await lastPosition();
});
afterEach(async () => {
	expect(await lastPosition()).toBe(before);
	expect((await servers.ask(get("/streams/s"))).status).toBe(200);
});

const event = (data: unknown = { a: 1 }) => ({ eventId: randomUUID(), eventType: "t", data });
const lastPosition = () => servers.log.last("$all" as never);

function post(body: string | Uint8Array, headers: Record<string, string> = {}) {
	return servers.ask({
		path: "/streams/s",
		headers: { "Content-Type": EVENTS_JSON, ...headers },
		body,
	});
}

describe("malformed JSON is refused with the place of its first fault", () => {
	test.each([
		['[\n  {"eventId": "x",}\n]', 2, 19, 20],
		["[{'eventId': 1}]", 1, 3, 2],
		["", 1, 1, 0],
		["[{}", 1, 4, 3],
		["[{}] x", 1, 6, 5],
		['[{"é": 01}]', 1, 8, 8],
		['[{"a":"\n"}]', 1, 8, 7],
		["[NaN]", 1, 2, 1],
		["// no\n[]", 1, 1, 0],
		["\ufeff[]", 1, 1, 0],
	])("%j at line %d, column %d, byte %d", async (body, line, column, byteOffset) => {
		const reply = await post(body);
		expect([reply.status, reply.json]).toMatchObject([
			400,
			{ type: "urn:varve:problem:malformed-json", line, column, byteOffset },
		]);
		expect(reply.text).toContain(`Line ${line}, column ${column} (byte ${byteOffset})`);
	});

	test("where it is not even UTF-8", async () => {
		const reply = await post(Uint8Array.of(0x5b, 0x0a, 0x22, 0xff, 0x22, 0x5d));
		expect([reply.status, reply.json]).toMatchObject([400, { line: 2, column: 2, byteOffset: 3 }]);
	});

	test("where it nests 100,000 levels deep", async () => {
		const own = await startServers();
		for (const level of ["[", '{"a":', "[{"]) {
			const reply = await own.ask(batch("deep", `[{"data":${level.repeat(100_000)}`));
			expect([reply.status, reply.reason]).toEqual([400, "Bad Request"]);
		}
		const nested = `[${"[".repeat(100_000)}${"]".repeat(100_000)}]`;
		const id = randomUUID();
		const valid = `[{"eventId":"${id}","eventType":"t","data":${nested}}]`;
		expect((await own.ask(batch("deep", valid))).text).toContain("nests deeper than 512 levels");
		const headers = { "Content-Type": "application/json", "ES-EventType": "t", "ES-EventId": id };
		const single = await own.ask({ path: "/streams/deep", headers, body: nested });
		expect([single.status, single.text]).toMatchObject([
			400,
			expect.stringContaining("nests deeper"),
		]);
		await own.close();
	});

	test("in a single event, too", async () => {
		const headers = {
			"Content-Type": "application/json",
			"ES-EventType": "t",
			"ES-EventId": randomUUID(),
		};
		expect((await post('{"a":}', headers)).json).toMatchObject({ line: 1, column: 6 });
		expect((await post("", headers)).status).toBe(400);
	});
});

describe("a batch is refused whose", () => {
	const id = randomUUID();
	test.each([
		["body is no array", "{}", "malformed-body", undefined],
		["array is empty", "[]", "malformed-body", undefined],
		["element is null", "[null]", "malformed-body", 0],
		["element is a number", `[{"eventId":"${id}","eventType":"t"},7]`, "malformed-body", 1],
		["element is an array", "[[]]", "malformed-body", 0],
		["eventId is a number", '[{"eventId":1,"eventType":"t"}]', "malformed-body", 0],
		["eventType is an object", `[{"eventId":"${id}","eventType":{}}]`, "malformed-body", 0],
		["eventId is null", '[{"eventId":null,"eventType":"t"}]', "invalid-event", 0],
		["eventId is missing", '[{"eventType":"t"}]', "invalid-event", 0],
		["eventType is missing", `[{"eventId":"${id}"}]`, "invalid-event", 0],
		["eventType is empty", `[{"eventId":"${id}","eventType":""}]`, "invalid-event", 0],
		[
			"eventType holds a line feed",
			`[{"eventId":"${id}","eventType":"a\\nb"}]`,
			"invalid-event",
			0,
		],
		[
			"eventType holds half a surrogate pair",
			`[{"eventId":"${id}","eventType":"\\ud800"}]`,
			"invalid-event",
			0,
		],
		[
			"eventType is too long",
			`[{"eventId":"${id}","eventType":"${"x".repeat(2000)}"}]`,
			"invalid-event",
			0,
		],
		[
			"data holds half a surrogate pair",
			`[{"eventId":"${id}","eventType":"t","data":"\\udc00"}]`,
			"malformed-body",
			0,
		],
		[
			"ids differ only in notation",
			`[{"eventId":"${id}","eventType":"t"},{"eventId":"{${id.toUpperCase()}}","eventType":"t"}]`,
			"duplicate-event-id",
			1,
		],
	])("%s", async (_, body, word, index) => {
		const reply = await post(body);
		expect([reply.status, reply.json]).toMatchObject([
			400,
			{ type: `urn:varve:problem:${word}`, ...(index === undefined ? {} : { index }) },
		]);
	});

	test.each([
		"x",
		"0",
		"c322e299-cb73-4b47-97c5-5054f920746",
		"c322e299-cb73-4b47-97c5-5054f920746g",
		"{c322e299-cb73-4b47-97c5-5054f920746e",
		"c322e299cb73-4b47-97c5-5054f920746e",
		"00000000000000000000000000000000",
	])("eventId is '%s'", async (eventId) => {
		const reply = await post(JSON.stringify([{ eventId, eventType: "t" }]));
		expect([reply.status, reply.json]).toMatchObject([400, { field: "eventId", index: 0 }]);
	});

	test("members are named like Object's own", async () => {
		const body = `[{"__proto__":{"eventId":"${id}","eventType":"t"},"constructor":1,"toString":2}]`;
		expect((await post(body)).json).toMatchObject({ type: "urn:varve:problem:invalid-event" });
		expect(({} as { eventId?: string }).eventId).toBeUndefined();
	});
});

describe("too much is refused", () => {
	test("in one event, as in many", async () => {
		const reply = await post(JSON.stringify([event(), event("x".repeat(EVENT_BYTES_MAX + 1))]));
		expect([reply.status, reply.reason]).toEqual([
			413,
			`Too large events received. Limit is ${EVENT_BYTES_MAX} bytes.`,
		]);
		expect(reply.json).toMatchObject({ index: 1, bytes: EVENT_BYTES_MAX + 1 });
		const many = await post(JSON.stringify(Array.from({ length: 101 }, () => event())));
		expect([many.status, many.json]).toMatchObject([413, { events: 101, eventsMax: 100 }]);
	});

	test("in an announced body, at once, and the connection goes on", async () => {
		const socket = open(servers.port);
		const answers = allOf(socket);
		socket.write(
			`POST /streams/s HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${EVENTS_JSON}\r\nContent-Length: ${BODY_BYTES_MAX + 1}\r\n\r\n`,
		);
		await until(() => socket.bytesRead > 0);
		socket.write(" ".repeat(BODY_BYTES_MAX + 1));
		socket.write(head("GET /ping"));
		const text = await answers;
		expect(text).toMatch(/^HTTP\/1\.1 413 Payload Too Large/);
		expect(text).toContain("HTTP/1.1 200 OK");
	});

	test("in a chunked body, however it is cut", async () => {
		for (const chunk of [65_536, 1000, 7]) {
			const chunks = Math.ceil((BODY_BYTES_MAX * 1.5) / chunk);
			const sent = head(
				"POST /streams/s",
				`Content-Type: ${EVENTS_JSON}`,
				"Transfer-Encoding: chunked",
			);
			const body = `${chunk.toString(16)}\r\n${" ".repeat(chunk)}\r\n`.repeat(chunks);
			const text = await raw(servers.port, `${sent}${body}0\r\n\r\n`);
			expect(text).toMatch(/^HTTP\/1\.1 413 Payload Too Large/);
			expect(text).toContain(`"bodyBytesMax":${BODY_BYTES_MAX}`);
		}
	});

	test("before it is sent, where the client asks first", async () => {
		const asks = (length: number) =>
			`POST /streams/s HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${EVENTS_JSON}\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;
		const refused = await raw(servers.port, asks(BODY_BYTES_MAX + 1));
		expect(refused).toMatch(/^HTTP\/1\.1 413 [\s\S]*Connection: close/);
		const socket = open(servers.port);
		const answer = allOf(socket);
		socket.write(asks(2));
		await until(() => socket.bytesRead > 0);
		socket.end("[]");
		expect(await answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 400 Bad Request/);
	});

	test("in a head", async () => {
		const text = await raw(servers.port, head("GET /streams/s", `X-Long: ${"x".repeat(20_000)}`));
		expect(text).toMatch(/^HTTP\/1\.1 431 Request Header Fields Too Large/);
		expect(text).toContain("urn:varve:problem:headers-too-large");
		const longUrl = await raw(servers.port, head(`GET /streams/${"%C3%BC".repeat(4096)}`));
		expect(longUrl).toMatch(/^HTTP\/1\.1 431 /);
	});
});

describe("URLs", () => {
	test.each([
		`/streams/${"x".repeat(8192)}`,
		`/streams/${"%C3%BC".repeat(513)}`,
		"/streams/%00",
		"/streams/.",
		"/streams/%2E%2e",
		"/streams/a%0D%0ASet-Cookie:%20a=b",
		"/streams/%C2%85",
		"/streams/%EF%BF%BF",
		"/streams/%ED%A0%80",
		"/streams/%FF",
		"/streams/%",
		"/streams/%4",
		"/streams/%GG",
		"/streams/s/-1",
		"/streams/s/-1/forward/20",
		"/streams/s/0/forward/-1",
		"/streams/s/0/forward/0",
		"/streams/s/0/forward/5000",
		"/streams/s/0/forward/1e1",
		"/streams/s/0/forward/%2020",
		"/streams/s/99999999999999999999999/forward/20",
		"/streams/s/9007199254740992/forward/20",
		"/streams/s/0x1/forward/20",
		"/streams/s/head/forward/20",
		"/streams/s/HEAD/backward/20",
		"/streams/$all/0/forward/20",
		"/streams/$all/-0000000000000000000000000000001/forward/20",
		"/streams/s?format=nope",
	])("such as %s are refused, read and written", async (path) => {
		const answers = [
			await raw(servers.port, head(`GET ${path}`)),
			await raw(
				servers.port,
				head(`POST ${path}`, `Content-Type: ${EVENTS_JSON}`, "Content-Length: 0"),
			),
		];
		expect(answers[0]).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
		expect(answers[1]).toMatch(/^HTTP\/1\.1 4\d\d /);
		for (const answer of answers) {
			expect(answer).toContain("application/problem+json");
			expect(answer).not.toMatch(/\r\nSet-Cookie/i);
		}
	});

	test("with bytes that are no URL's are refused, and name no stream", async () => {
		for (const path of ["/streams/\xc3\xbc", "/streams/a\xa0b", "/ping?\x80"]) {
			expect(await raw(servers.port, head(`GET ${path}`))).toMatch(/^HTTP\/1\.1 400 Bad Request/);
		}
		expect(await raw(servers.port, head("GET /streams/a b"))).toMatch(
			/^HTTP\/1\.1 400 Bad Request/,
		);
	});

	test("with a host of their own have their links there", async () => {
		const request = head(
			"GET http://own.localhost/streams/s?embed=rich",
			"Accept: application/json",
		);
		const answer = await raw(servers.port, request);
		expect(answer).toContain("http://own.localhost/streams/s");
		expect(answer).not.toContain("http://localhost");
	});
});

describe("the Host header", () => {
	test.each([
		"a b",
		"a/b",
		"evil@host",
		"a\tb",
		"<script>",
		"a,b",
		"host:port",
		"a:99999",
		"[::1",
		"é",
		"%0d",
		"a\\b",
	])("'%s' is refused where links would start with it", async (host) => {
		const request = `GET /streams/s HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
		const answer = await raw(servers.port, request);
		expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request/);
		expect(answer.split("\r\n\r\n")[0]).not.toContain(host);
	});

	test("is needed for links, in HTTP/1.0 as well", async () => {
		expect(await raw(servers.port, "GET /ping HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.1 200 OK/);
		const answer = await raw(servers.port, "GET /streams/s HTTP/1.0\r\n\r\n");
		expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request[\s\S]*malformed-host/);
		expect(await raw(servers.port, "GET /ping HTTP/1.1\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
	});

	test.each([
		"localhost",
		"a.localhost:1",
		"[::1]:2113",
		"127.0.0.1",
		"xn--bcher-kva.localhost:443",
	])("'%s' is what links start with", async (host) => {
		const reply = await servers.ask(get("/streams/s", undefined, { Host: host }));
		expect(reply.json).toMatchObject({ id: `http://${host}/streams/s` });
	});
});

describe("what is no HTTP", () => {
	test.each([
		"\r\n\r\nnonsense\r\n\r\n",
		"GET\r\n\r\n",
		"GET / HTTP/9.9\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01\x00",
		"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: localhost\r\nBad Header: x\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
	])("is told so, and cut off: %j", async (bytes) => {
		const answer = await raw(servers.port, bytes);
		expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
		expect(answer).toContain("urn:varve:problem:malformed-http");
	});

	test("is answered after the requests before it, not in their place", async () => {
		const socket = open(servers.port);
		const answer = allOf(socket);
		socket.write(
			"GET /streams/s/20/forward/20 HTTP/1.1\r\nHost: localhost\r\nES-LongPoll: 1\r\n\r\n",
		);
		await until(() => servers.longPolls.waiting() === 1);
		socket.write("GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\nnonsense\r\n\r\n");
		expect(statusesIn(await answer)).toEqual([200, 200, 400]);
	});

	test("is not answered behind a request that was to be the last", async () => {
		const answer = await raw(
			servers.port,
			`${head("GET /streams/s", "Connection: close")}nonsense`,
		);
		expect(statusesIn(answer)).toEqual([200]);
	});

	test("is not answered in the middle of a body that was answered already", async () => {
		const tooLarge = `${BODY_BYTES_MAX.toString(16)}\r\n${"x".repeat(BODY_BYTES_MAX)}\r\n1\r\nx\r\n`;
		const post = head(
			"POST /streams/s",
			"Transfer-Encoding: chunked",
			`Content-Type: ${EVENTS_JSON}`,
		).replace("Connection: close\r\n", "");
		const alone = open(servers.port);
		const answer = allOf(alone);
		alone.write(post + tooLarge);
		await new Promise((resolve) => alone.once("data", resolve));
		alone.write("nonsense\r\n");
		expect(statusesIn(await answer)).toEqual([413]);
		// In one packet with the rest, as well.
		const whole = await raw(servers.port, `${post}${tooLarge}nonsense\r\n`);
		expect(statusesIn(whole)).toEqual([413]);

		const poll =
			"GET /streams/s/20/forward/20 HTTP/1.1\r\nHost: localhost\r\nES-LongPoll: 1\r\n\r\n";
		const queued = await raw(servers.port, `${poll}${post}${tooLarge}nonsense\r\n`);
		expect(statusesIn(queued)).toEqual([200, 413]);
	});

	test("does not keep its connection, though the client does not close it", async () => {
		const few = await startServers({ connectionsMax: 1 });
		const socket = connect({ port: few.port, host: "127.0.0.1", allowHalfOpen: true });
		socket.on("error", () => undefined);
		socket.write("nonsense\r\n\r\n");
		socket.resume();
		await new Promise((resolve) => socket.once("end", resolve));
		const ping = head("GET /ping");
		await until(async () => statusesIn(await raw(few.port, ping))[0] === 200);
		socket.destroy();
		await few.close();
	});

	test("is told so in the middle of a body, after the requests before it", async () => {
		const chunked = head(
			"POST /streams/s",
			"Transfer-Encoding: chunked",
			`Content-Type: ${EVENTS_JSON}`,
		);
		expect(statusesIn(await raw(servers.port, `${chunked}nonsense\r\n`))).toEqual([400]);
		const ping = "GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n";
		const answer = await raw(servers.port, `${ping}${chunked}2\r\n[{\r\nnonsense\r\n`);
		expect(statusesIn(answer)).toEqual([200, 400]);
	});
});

describe("a client that stops midway", () => {
	const start = `POST /streams/s HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${EVENTS_JSON}\r\nContent-Length: 1000\r\n\r\n[{"event`;

	test("and goes away leaves nothing", async () => {
		for (let i = 0; i < 20; i++) {
			const socket = open(servers.port);
			await new Promise((resolve) => socket.write(start, resolve));
			socket.destroy();
		}
	});

	test("and ends its half of the connection is told or cut off", async () => {
		const socket = open(servers.port);
		const answer = allOf(socket);
		socket.end(start);
		expect(await answer).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
	});

	test("and stays is told after the request timeout, and cut off", async () => {
		expect(await raw(servers.port, start)).toMatch(
			/^HTTP\/1\.1 408 Request Timeout[\s\S]*request-too-slow/,
		);
		const halfHead = "GET /streams/s HTTP/1.1\r\nHost: localhost\r\n";
		expect(await raw(servers.port, halfHead)).toMatch(
			/^HTTP\/1\.1 408 Request Timeout[\s\S]*request-too-slow/,
		);
	});
});

test("pipelined requests are answered in their order", async () => {
	const paths = ["/ping", "/streams/s/0/forward/20", "/streams/none", "/streams/s", "/info"];
	const sent = paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join("");
	const text = await raw(servers.port, sent + head("GET /nowhere"));
	expect(statusesIn(text)).toEqual([200, 200, 404, 200, 200, 404]);
});

function statusesIn(text: string): number[] {
	return [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status));
}

test("a huge Accept is read like any other", async () => {
	for (const part of ["a/b,", "*/*;q=0.1,", ";q=;", " ;", '"']) {
		const headers = { Accept: part.repeat(12_000 / part.length) };
		const reply = await servers.ask({ path: "/streams/s", headers });
		expect([200, 406]).toContain(reply.status);
	}
});

test("thousands of requests cut short leave nothing behind", async () => {
	const requests = [
		head("GET /streams/s/20/forward/20", "ES-LongPoll: 100"),
		head("GET /streams/s/0/forward/20"),
		`${head("POST /streams/s", `Content-Type: ${EVENTS_JSON}`, "Content-Length: 100")}[`,
		"GET /streams/s HT",
		"",
	];
	for (let round = 0; round < 20; round++) {
		const sockets = Array.from({ length: 100 }, (_, i) => {
			const socket = open(servers.port);
			socket.on("connect", () => {
				socket.write(requests[i % requests.length] ?? "");
				setImmediate(() => socket.resetAndDestroy());
			});
			return new Promise((resolve) => socket.on("close", resolve));
		});
		await Promise.all(sockets);
	}
	await until(() => servers.longPolls.waiting() === 0);
	// What is left are the test's own connections; each has two ends in this process.
	await until(
		() => process.getActiveResourcesInfo().filter((one) => one === "TCPSocketWrap").length < 10,
	);
});
