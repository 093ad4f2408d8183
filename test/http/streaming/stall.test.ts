/** Readers that take nothing of what they asked for, on real sockets. */
import { randomUUID } from "node:crypto";
import { head, open } from "../ask.ts";
import { type Servers, startServers, until } from "../harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({ stalledMs: 2000 });
	// More than the buffers of two sockets take.
	for (let n = 0; n < 12; n++) {
		await servers.log.append({
			stream: "large" as never,
			expected: "any",
			events: [
				{
					id: randomUUID(),
					type: "t",
					isJson: true,
					data: Buffer.from(JSON.stringify("x".repeat(2_000_000))),
					metadata: new Uint8Array(0),
				},
			],
		});
	}
});
afterAll(() => servers.close());

const RUN = head("GET /streams/large", "Accept: application/x-ndjson");
const PAGE = head("GET /streams/large/0/forward/12?embed=body", "Accept: application/atom+xml");

test.each([
	["lines", RUN],
	["a page", PAGE],
])("a reader that takes nothing of %s is disconnected", async (_, request) => {
	const socket = open(servers.port);
	let closed = false;
	socket.on("close", () => {
		closed = true;
	});
	socket.write(request);
	// Reads the first bytes, and then no more.
	await new Promise<void>((resolve) => socket.once("data", () => resolve()));
	socket.pause();
	// What is written to a connection that the other end has closed is answered with a reset. More
	// often would be a sign of life.
	const knocking = setInterval(() => socket.write("\r\n"), 5000);
	await until(() => closed);
	clearInterval(knocking);
});

test("one that goes on reading, however slowly, gets all of it", async () => {
	const socket = open(servers.port);
	let bytes = 0;
	let closed = false;
	socket.on("close", () => {
		closed = true;
	});
	socket.on("data", (chunk: Buffer) => {
		bytes += chunk.length;
		socket.pause();
		setTimeout(() => socket.resume(), 1);
	});
	socket.write(RUN);
	await until(() => closed);
	expect(bytes).toBeGreaterThan(24_000_000);
});
