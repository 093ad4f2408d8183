/** A position at the server, as a reader of the library keeps it. */
import { randomUUID } from "node:crypto";
import { ServerPosition } from "../../../feeds/position/at-server.ts";
import { batch } from "../../http/ask.ts";
import { type Servers, startServers } from "../../http/harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
	for (const stream of ["s", "t"]) {
		const events = Array.from({ length: 5 }, () => {
			return { eventId: randomUUID(), eventType: "T", data: 1 };
		});
		await servers.ask(batch(stream, events));
	}
});
afterAll(() => servers.close());

const open = (name: string, stream = "s", options = {}) =>
	ServerPosition.open({ url: servers.url, stream, retriesMax: 0 }, name, options);

test("a position is saved, found again, and deleted", async () => {
	const first = await open("reader");
	expect(first.at).toBe(undefined);
	for (const at of [0, 1, 1, 4]) await first.save(at);
	const second = await open("reader");
	expect(second.at).toBe(4);
	await second.delete();
	expect((await open("reader")).at).toBe(undefined);
});

test("of two copies of a reader, the second one to save is refused", async () => {
	const [one, other] = [await open("copies"), await open("copies")];
	await one.save(1);
	await expect(other.save(2)).rejects.toMatchObject({ problem: { word: "resource-changed" } });
	await one.save(3);
	expect((await open("copies")).at).toBe(3);
});

test("an answer that was lost is no second copy", async () => {
	const position = await open("lost");
	await position.save(1);
	let isLost = true;
	const fetch: typeof globalThis.fetch = async (url, init) => {
		const response = await globalThis.fetch(url, init);
		if (!isLost || init?.method !== "PUT") return response;
		isLost = false;
		throw new TypeError("the answer was lost");
	};
	const address = { url: servers.url, stream: "s", fetch, retriesMax: 2 };
	const careless = await ServerPosition.open(address, "lost");
	await careless.save(2);
	await careless.save(3);
	expect([isLost, (await open("lost")).at]).toEqual([false, 3]);
});

test("a position in another stream is refused before anything is read", async () => {
	await (await open("mine")).save(1);
	await expect(open("mine", "t")).rejects.toThrow(/is 1 in stream 's'.*another name/);
});

test("one that lies beyond the end is refused, and says so", async () => {
	const position = await open("beyond");
	await expect(position.save(5)).rejects.toMatchObject({
		problem: { word: "reader-position-ahead", facts: { at: 5, last: 4 } },
	});
});
