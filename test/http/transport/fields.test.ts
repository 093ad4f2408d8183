/** Header fields that Node would drop, and connections whose client has said all it has to say. */
import { randomUUID } from "node:crypto";
import type { OutgoingHttpHeaders } from "node:http";
import { allOf, EVENTS_JSON, get, open, raw } from "../ask.ts";
import { type Servers, startServers, until } from "../harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
});
afterAll(() => servers.close());

function request(line: string, lines: readonly string[], body = ""): string {
	const fields = ["Host: localhost", ...lines, `Content-Length: ${Buffer.byteLength(body)}`];
	return `${line} HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n${body}`;
}

const post = (stream: string, ...lines: string[]) => {
	const body = JSON.stringify([{ eventId: randomUUID(), eventType: "t", data: 1 }]);
	return request(`POST /streams/${stream}`, [`Content-Type: ${EVENTS_JSON}`, ...lines], body);
};
const isThere = async (stream: string) =>
	(await servers.ask(get(`/streams/${stream}`))).status === 200;

describe("a request with", () => {
	test.each([
		["two Host headers", "Host: b"],
		["the same Host twice", "host: a"],
		["two media types", "Content-Type: text/plain"],
	])("%s is refused, and not carried out", async (_, line) => {
		const answer = await raw(servers.port, post("twice", line, "Connection: close"));
		expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request[\s\S]*only once/);
		expect(await isThere("twice")).toBe(false);
		const read = request("GET /streams/x", [line, line, "Connection: close"]);
		expect(await raw(servers.port, read)).toMatch(/^HTTP\/1\.1 400 /);
	});

	test("more than 1,000 headers is refused, whatever stands behind them", async () => {
		const many = Array.from({ length: 1000 }, (_, i) => `a${i}: 1`);
		const sent = post("many", ...many, "ES-ExpectedVersion: 5", "Connection: close");
		expect(await raw(servers.port, sent)).toMatch(/^HTTP\/1\.1 431 [\s\S]*headers-too-large/);
		expect(await isThere("many")).toBe(false);
	});

	test("a thousand is read to the last", async () => {
		const many = Array.from({ length: 995 }, (_, i) => `a${i}: 1`);
		const sent = post("last", ...many, "Connection: close", "ES-ExpectedVersion: 5");
		expect(await raw(servers.port, sent)).toMatch(/^HTTP\/1\.1 400 Wrong expected EventNumber/);
	});
});

/** RFC 9112 section 9.6: what was sent before the close is answered. */
describe("a client that ends its half of the connection", () => {
	async function endAfter(text: string): Promise<string> {
		const socket = open(servers.port);
		const answer = allOf(socket);
		socket.end(text);
		return answer;
	}

	test("has the answer to its append", async () => {
		const answer = await endAfter(post("half"));
		expect(answer).toMatch(/^HTTP\/1\.1 201 Created/);
		expect(await isThere("half")).toBe(true);
	});

	test("has the answers to all that it sent at once", async () => {
		const answer = await endAfter(
			post("halves") + post("halves") + request("GET /streams/halves", []),
		);
		const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status);
		expect(statuses).toEqual(["201", "201", "200"]);
	});

	test.each<[string, string, OutgoingHttpHeaders]>([
		["a long poll", "/streams/half/1/forward/20", { "ES-LongPoll": "100" }],
		["a live stream", "/streams/half", { Accept: "text/event-stream" }],
		["a position to come", "/streams/half", { "ES-MinPosition": "1000000" }],
	])("is not waited with in %s", async (_, path, headers) => {
		const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
		expect(await endAfter(request(`GET ${path}`, lines))).toMatch(/^HTTP\/1\.1 (200|503) /);
		await until(() => servers.longPolls.waiting() === 0);
	});
});
