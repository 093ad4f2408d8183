/**
 * The sample exchanges of the contract about subscriptions (S43 to S46), in their order, as the
 * departures amend them: links carry the token of their delivery, nulls are left out.
 */
import { batch, type Json } from "../http/ask.ts";
import { type Servers, startServers } from "../http/harness.ts";

const ID = "c322e299-cb73-4b47-97c5-5054f920746e";
const OTHER = "0d3e1c80-7a9f-4c1d-9b11-5f5d5a0c8e02";
const COMPETING = "application/vnd.eventstore.competingatom+json";
const PATH = "/subscriptions/newstream/group1";
const ADMIN = `Basic ${Buffer.from("admin:changeit").toString("base64")}`;

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({ insecureDefaults: true });
	const events = [ID, OTHER].map((eventId) => ({ eventId, eventType: "SomeEvent", data: {} }));
	const append = batch("newstream", events);
	await servers.ask({ ...append, headers: { ...append.headers, Authorization: ADMIN } });
});
afterAll(() => servers.close());

function ask(method: string, path: string, headers: Record<string, string> = {}, body = "") {
	const sent = { Authorization: ADMIN, ...headers };
	return servers.ask({ method, path, headers: sent, ...(body === "" ? {} : { body }) });
}

const JSON_BODY = { "Content-Type": "application/json" };
const SETTINGS = '{"resolveLinktos": true, "startFrom": 0}';

test("S43 – create subscription", async () => {
	const made = await ask("PUT", PATH, JSON_BODY, SETTINGS);
	expect([made.status, made.reason]).toEqual([201, "Created"]);
	expect(made.headers.location).toBe(`${servers.url}${PATH}`);
	expect(made.headers["content-type"]).toBe("application/json; charset=utf-8");
	const uuid = expect.stringMatching(/^[\da-f]{8}-[\da-f-]{27}$/);
	expect(made.json).toEqual({ correlationId: uuid, reason: "", result: "Success" });
	const again = await ask("PUT", PATH, JSON_BODY, SETTINGS);
	expect([again.status, again.json.result]).toEqual([409, "AlreadyExists"]);
	await ask(
		"POST",
		"/users",
		JSON_BODY,
		JSON.stringify({
			loginName: "reader",
			fullName: "R",
			groups: [],
			password: "long enough to pass",
		}),
	);
	const reader = Buffer.from("reader:long enough to pass").toString("base64");
	const Authorization = `Basic ${reader}`;
	const refused = await ask("PUT", `${PATH}x`, { ...JSON_BODY, Authorization }, SETTINGS);
	expect(refused.status).toBe(401);
});

test("S44 – get messages", async () => {
	const feed = await ask("GET", `${PATH}/5`, { Accept: COMPETING });
	const relations = (of: Json) =>
		(of.links as { relation: string }[]).map(({ relation }) => relation);
	expect(relations(feed.json)).toEqual(["ackAll", "nackAll", "previous", "self"]);
	const entries = feed.json.entries as Json[];
	expect(entries.map(({ retryCount }) => retryCount)).toEqual([0, 0]);
	for (const entry of entries) expect(relations(entry).slice(-2)).toEqual(["ack", "nack"]);
	expect((await ask("GET", `${PATH}/5`, { Accept: "application/json" })).status).toBe(406);
	const none = await ask("GET", `${PATH}/0`, { Accept: COMPETING });
	expect([none.status, none.json.reason]).toEqual([
		400,
		"Message count must be an integer between 1 and 100 'count' ='0'",
	]);
});

test("S45 – ack", async () => {
	const acked = await ask("POST", `${PATH}/ack/${ID}`);
	expect([acked.status, acked.reason, acked.text]).toEqual([202, "", ""]);
	const refused = await ask("POST", `${PATH}/ack/not-a-guid`);
	expect([refused.status, refused.reason]).toEqual([
		400,
		"messageid should be a properly formed guid",
	]);
});

test("S46 – nack park", async () => {
	expect((await ask("POST", `${PATH}/nack/${OTHER}?action=park`)).status).toBe(202);
	expect((await ask("GET", `${PATH}/info`)).json.parkedMessageCount).toBe(1);
	const replayed = await ask("POST", `${PATH}/replayParked`);
	expect([replayed.status, replayed.json.result]).toEqual([200, "Success"]);
	const [again] = (await ask("GET", `${PATH}/5?embed=rich`, { Accept: COMPETING })).json
		.entries as [Json];
	expect([again.eventId, again.retryCount]).toEqual([OTHER, 0]);
});
