/** What was handed out before an erasure is never taken for what is there after it. */
import { randomUUID } from "node:crypto";
import type { StreamName } from "../../../src/event.ts";
import { ATOM, ATOM_JSON, batch, get, type Reply } from "../ask.ts";
import { type Servers, startServers, until } from "../harness.ts";

const PAGES = [
	"/streams/order-1?embed=body",
	"/streams/order-1/0/forward/20?embed=body",
	"/streams/order-1/19/backward/20?embed=body",
	"/streams/order-1/3",
	"/streams/order-1/head",
	"/streams/$ce-order/0/forward/20?embed=body",
	`/streams/$all/${"0".repeat(32)}/forward/20?embed=body`,
	`/streams/$all/filtered/${"0".repeat(32)}/forward/20?embed=body&exclude-system-events=true`,
	"/streams/$all/filtered?embed=body&exclude-system-events=true",
];

let servers: Servers;
beforeEach(async () => {
	servers = await startServers();
	const events = Array.from({ length: 25 }, () => ({
		eventId: randomUUID(),
		eventType: "t",
		data: { name: "the secret" },
	}));
	expect((await servers.ask(batch("order-1", events))).status).toBe(201);
});
afterEach(() => servers.close());

function redact(version: number): Promise<void> {
	return servers.log.redact({ stream: "order-1" as StreamName, version, metadata: false });
}

async function readAll(accept: string, before: readonly Reply[] = []): Promise<Reply[]> {
	const headers = (i: number) => ({ "If-None-Match": before[i]?.headers.etag ?? "none" });
	const replies: Reply[] = [];
	for (const [i, path] of PAGES.entries()) {
		for (const lane of [servers, servers.express]) {
			const reply = await lane.ask(get(path, accept, headers(i)));
			if (lane === servers) replies.push(reply);
			else
				expect([path, reply.status, reply.text]).toEqual([
					path,
					replies[i]?.status,
					replies[i]?.text.replaceAll(servers.url, lane.url),
				]);
		}
	}
	return replies;
}

test.each([ATOM_JSON, ATOM])(
	"no page is 304 by a tag from before an erasure: %s",
	async (accept) => {
		const before = await readAll(accept);
		const unchanged = await readAll(accept, before);
		expect(unchanged.map(({ status }) => status)).toEqual(PAGES.map(() => 304));
		for (const version of [3, 24]) await redact(version);
		const after = await readAll(accept, before);
		expect(after.map(({ status }) => status)).toEqual(PAGES.map(() => 200));
		for (const { headers } of after) expect(headers.etag).toMatch(/^"\d+;\d+"$/);
		const shown = (replies: readonly Reply[]) =>
			replies.map(({ text }) => text.split("the secret").length - 1);
		const [was, is] = [shown(before), shown(after)];
		for (const [i, count] of is.entries()) expect(count).toBeLessThan(was[i] as number);
		expect((await readAll(accept, after)).map(({ status }) => status)).toEqual(
			PAGES.map(() => 304),
		);
	},
);

test("tags stay as they are over a restart, erased or not", async () => {
	await redact(3);
	const tag = async () => (await servers.ask(get("/streams/order-1/0/forward/20"))).headers.etag;
	const before = await tag();
	servers = await servers.restart();
	expect(await tag()).toBe(before);
});

test("a long poll that is held while content is erased is not answered 304", async () => {
	const path = "/streams/order-1/20/forward/20?embed=body";
	const { headers } = await servers.ask(get(path));
	const held = servers.ask(
		get(path, ATOM_JSON, { "If-None-Match": headers.etag, "ES-LongPoll": "30" }),
	);
	await until(() => servers.longPolls.waiting() > 0);
	await redact(22);
	servers.longPolls.close();
	const { status, text } = await held;
	expect([status, text.split("the secret").length]).toEqual([200, 5]);
});
