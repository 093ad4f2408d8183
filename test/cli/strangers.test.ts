/** Commands behind something that answers in the server's place. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { varve } from "./varve.ts";

let hop: Server;
let url: string;
beforeAll(async () => {
	hop = createServer((request, response) => {
		request.resume();
		const status = Number(request.headers.host?.startsWith("localhost") ? 404 : 200);
		response.writeHead(status, { "Content-Type": "text/html" }).end("<p>not the server</p>");
	}).listen(0, "127.0.0.1");
	await once(hop, "listening");
	url = `http://127.0.0.1:${(hop.address() as AddressInfo).port}`;
});
afterAll(() => hop.close());

describe.each(["200", "404"])("if a %s comes from something else", (status) => {
	test.each([
		[["redact", "person-42", "0"]],
		[["append", "order-42", "--type", "T"]],
		[["import", "--source", "x", "--retry-seconds", "1"]],
		[["scavenge", "--detach"]],
		[["read", "order-42"]],
		[["read", "order-42", "--backward"]],
		[["export"]],
	])("%j fails, and says what it saw", async (args) => {
		const at = status === "404" ? url.replace("127.0.0.1", "localhost") : url;
		const line = '{"stream":"s","type":"T"}';
		const { code, stdout, stderr } = await varve([...args, "--url", at], {}, line);
		expect([code, stdout]).toEqual([1, ""]);
		expect(stderr).toMatch(new RegExp(`${status}.*not the server`));
	});
});
