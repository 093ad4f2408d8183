/** Commands behind something that answers in the server's place. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { varve } from "./varve.ts";

type Answer = readonly [status: number, type: string, body: string];

/** What a login page, an ingress, a proxy that does nothing, and a stub of an API answer. */
const STRANGERS: Readonly<Record<string, Answer>> = {
	"a page": [200, "text/html", "<p>not the server</p>"],
	"a 404": [404, "text/html", "<p>not the server</p>"],
	"a text": [200, "text/plain", "not the server"],
	"bytes that nobody asked for": [200, "application/octet-stream", "not the server"],
	"an object": [200, "application/json", '{"not":"the server"}'],
	"nothing at all": [204, "text/plain", ""],
};

let hop: Server;
let url: string;
let answer: Answer;
const asked: string[] = [];
beforeAll(async () => {
	hop = createServer((request, response) => {
		request.resume();
		const prefix = decodeURI(request.url?.split("/")[1] ?? "");
		asked.push(prefix);
		const [status, type, body] = STRANGERS[prefix] ?? answer;
		response.writeHead(status, { "Content-Type": type }).end(body);
	}).listen(0, "127.0.0.1");
	await once(hop, "listening");
	url = `http://127.0.0.1:${(hop.address() as AddressInfo).port}`;
});
afterAll(() => hop.close());

const run = (args: readonly string[], input = "") => varve([...args, "--url", url], {}, input);

describe.each(["a page", "a 404"])("if %s comes from something else", (name) => {
	test.each([
		[["redact", "person-42", "0"]],
		[["append", "order-42", "--type", "T"]],
		[["import", "--source", "x", "--retry-seconds", "1"]],
		[["scavenge", "--detach"]],
		[["read", "order-42"]],
		[["read", "order-42", "--backward"]],
		[["export"]],
		[["prove", "0"]],
	])("%j fails, and says what it saw", async (args) => {
		answer = STRANGERS[name] as Answer;
		const { code, stdout, stderr } = await run(args, '{"stream":"s","type":"T"}');
		expect([code, stdout]).toEqual([1, ""]);
		expect(stderr).toMatch(new RegExp(`${answer[0]}.*not the server`));
	});
});

describe.each(["an object", "nothing at all"])("%s is no sign that something was done", (name) => {
	test.each([
		[["redact", "person-42", "0"]],
		[["scavenge", "--detach"]],
		[["scavenge", "status"]],
		[["scavenge", "stop"]],
	])("by %j, which asks once", async (args) => {
		answer = STRANGERS[name] as Answer;
		asked.length = 0;
		const { code, stdout, stderr } = await run(args);
		expect([code, stdout, asked.length]).toEqual([1, "", 1]);
		expect(stderr).toMatch(new RegExp(`not an answer of Varve: ${answer[0]}`));
	});
});

test("a run that a stranger names is none, if the name is no id", async () => {
	answer = [200, "application/json", '{"scavengeId":"","scavengeResult":"Unknown"}'];
	expect((await run(["scavenge", "status"])).code).toBe(1);
	answer = [200, "application/json", JSON.stringify({ scavengeId: randomUUID() })];
	expect((await run(["scavenge", "status"])).code).toBe(1);
});

test("varve prove asks again for what the log cannot say, and then gives up", async () => {
	asked.length = 0;
	const names = ["a text", "bytes that nobody asked for", "an object", "nothing at all"];
	const at = (name: string) => ["prove", "0", "--url", `${url}/${encodeURI(name)}`];
	const all = await Promise.all(names.map((name) => varve(at(name))));
	for (const [index, { code, stdout, stderr }] of all.entries()) {
		expect([code, stdout]).toEqual([1, ""]);
		expect(asked.filter((name) => name === names[index])).toHaveLength(6);
		expect(stderr).toMatch(/\/log\/key failed 6 times; .* not an answer of Varve: 20/);
	}
});
