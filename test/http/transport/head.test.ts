/** Departure 4: HEAD is answered wherever GET is, with the same status and headers and no body. */
import { ATOM_JSON, batch, head, raw } from "../ask.ts";
import { type Servers, startServers } from "../harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
	const events = Array.from({ length: 30 }, () => ({
		eventId: crypto.randomUUID(),
		eventType: "T",
		data: { n: 1 },
	}));
	expect((await servers.ask(batch("order-1", events))).status).toBe(201);
});
afterAll(() => servers.close());

const ZERO = "0".repeat(32);

test.each([
	"/ping",
	"/info",
	"/health/live",
	"/health/ready",
	"/streams/order-1",
	"/streams/order-1/",
	"/streams/order-1/0",
	"/streams/order-1/head",
	"/streams/order-1/head/20",
	"/streams/order-1/0/forward/20",
	"/streams/order-1/19/backward/20",
	"/streams/order-1/incoming/5",
	"/streams/$all",
	"/streams/%24ce-order",
	`/streams/$all/${ZERO}/forward/20`,
	`/streams/$all/filtered?exclude-system-events=true`,
	`/streams/$all/filtered/${ZERO}/forward/20?exclude-system-events=true`,
	`/streams/$all/filtered/head/backward/20?exclude-system-events=true`,
	"/streams/none",
	"/streams/order-1/99",
	"/nowhere",
])("HEAD %s is GET without its body", async (path) => {
	const accept = path.startsWith("/streams") ? [`Accept: ${ATOM_JSON}`] : [];
	for (const coding of ["identity", "gzip"]) {
		const headers = [...accept, `Accept-Encoding: ${coding}`];
		const [got, headed] = await Promise.all([
			raw(servers.port, head(`GET ${path}`, ...headers)),
			raw(servers.port, head(`HEAD ${path}`, ...headers)),
		]);
		const [getHead = "", body] = got.split("\r\n\r\n");
		expect(headed.replace(/\r\nDate: [^\r]*/, "")).toBe(
			`${getHead.replace(/\r\nDate: [^\r]*/, "")}\r\n\r\n`,
		);
		// A 204 has neither.
		if (!getHead.includes(" 204 ")) expect(body).not.toBe("");
	}
});
