/** HTTP feeds of readers who may see little of a stream. */
import { randomUUID } from "node:crypto";
import { ADMIN, Ouro, startWithUsers } from "../../accounts/asking.ts";
import { append, events } from "../../log/asking.ts";
import { type Servers, until } from "../harness.ts";

let servers: Servers;
let reader: Ouro;
beforeAll(async () => {
	servers = await startWithUsers({ requestTimeoutMs: 10_000 });
	reader = await new Ouro(servers).create();
	const headers = {
		"Content-Type": "application/json",
		"ES-EventId": randomUUID(),
		Authorization: ADMIN,
	};
	const body = '{"$acl":{"$r":"$admins","$mr":"$admins"}}';
	await servers.ask({ path: "/streams/secret-1/metadata", headers, body });
	for (let more = 0; more < 12; more++) await append(servers.log, "secret-1", events(500));
	await append(servers.log, "open-1", events(1));
});
afterAll(() => servers.close());

function feed(query = "") {
	const Accept = "application/cloudevents-batch+json";
	const headers = { Accept, Authorization: reader.own };
	return servers.ask({ path: `/streams/$all${query}`, headers });
}

const sourcesIn = (json: unknown) => (json as { source: string }[]).map(({ source }) => source);
let last = "";

test("a batch behind thousands of events that are left out comes, behind white space", async () => {
	const { status, text, headers } = await feed();
	expect(status).toBe(200);
	expect(text).toMatch(/^\n+\[/);
	expect(headers["content-length"]).toBeUndefined();
	const found = JSON.parse(text) as { id: string; source: string }[];
	expect(sourcesIn(found)).toEqual([expect.stringMatching(/open-1$/)]);
	last = found[0]?.id ?? "";
});

test("an empty one says that nothing is newer, and has no white space", async () => {
	const { text } = await feed(`?lastEventId=${encodeURIComponent(last)}`);
	expect(text).toBe("[]");
});

test("a reader that waits is not woken for an event that is left out", async () => {
	const waiting = feed(`?lastEventId=${encodeURIComponent(last)}&timeout=7000`);
	await until(() => servers.longPolls.waiting() === 1);
	await append(servers.log, "secret-1", events(1));
	await append(servers.log, "open-1", events(1));
	expect(sourcesIn(JSON.parse((await waiting).text))).toEqual([expect.stringMatching(/open-1$/)]);
});
