import { randomUUID } from "node:crypto";
import { batch, get } from "../ask.ts";
import { type Servers, startServers, until } from "../harness.ts";

let servers: Servers;
let impatient: Servers;
beforeAll(async () => {
	servers = await startServers({ requestTimeoutMs: 60_000 });
	impatient = await startServers({ requestTimeoutMs: 400 });
});
afterAll(() => Promise.all([servers.close(), impatient.close()]));

const append = (stream: string) =>
	servers.ask(batch(stream, [{ eventId: randomUUID(), eventType: "Placed", data: {} }]));
const last = () => servers.log.last("$all" as never) as Promise<number>;

describe.each(["both", "express"] as const)("a read with ES-MinPosition, %s lanes", (lanes) => {
	const lane = () => (lanes === "both" ? servers : servers.express);

	test.each([
		"/streams/%24all",
		"/streams/read-own",
		"/streams/read-own/0",
		"/streams/read-own/0/forward/1",
	])("answers at once where the position is there: %s", async (path) => {
		const position = (await append("read-own")).headers["es-position"] ?? "";
		const reply = await lane().ask(get(path, undefined, { "ES-MinPosition": position }));
		expect(reply.status).toBe(200);
	});

	test("waits for the position, and then shows what was appended", async () => {
		const awaited = (await last()) + 2;
		const stream = `awaited-${lanes}`;
		const headers = { "Kurrent-MinPosition": String(awaited), "ES-MinPosition": "99999" };
		let answered = false;
		const reading = lane().ask(get(`/streams/${stream}`, undefined, headers));
		reading.then(() => {
			answered = true;
		});
		for (const _ of [0, 1]) {
			expect(answered).toBe(false);
			await append(stream);
		}
		const reply = await until(() => reading);
		expect([reply.status, (reply.json.entries as unknown[]).length]).toEqual([200, 2]);
	});

	test("is told to come again where the position does not come in time", async () => {
		const target = lanes === "both" ? impatient : impatient.express;
		const reply = await target.ask(get("/streams/%24all", undefined, { "ES-MinPosition": "4" }));
		expect([reply.status, reply.headers["retry-after"]]).toEqual([503, "1"]);
		expect(reply.json).toMatchObject({
			type: "urn:varve:problem:position-not-reached",
			position: 4,
			last: -1,
		});
	});

	test.each(["", "-1", "x", "1.5", "0x10", "99999999999999999"])("refuses '%s'", async (value) => {
		const headers = { "ES-MinPosition": value };
		const reply = await lane().ask(get("/streams/%24all", undefined, headers));
		expect([reply.status, reply.json.header]).toEqual([400, "ES-MinPosition"]);
	});
});

test("an append passes ES-MinPosition over", async () => {
	const headers = { "ES-MinPosition": "99999" };
	const event = { eventId: randomUUID(), eventType: "Placed", data: {} };
	expect((await servers.ask(batch("passed-over", [event], headers))).status).toBe(201);
});
