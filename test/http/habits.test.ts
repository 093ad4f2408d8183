/** What clients of the contract were seen to do on the wire: all of it works. */
import { ATOM_JSON, batch, EVENTS_JSON, get } from "./ask.ts";
import { type Servers, startServers } from "./harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
	const events = Array.from({ length: 60 }, (_, i) => event({ i }));
	expect((await servers.ask(batch("habits", events))).status).toBe(201);
});
afterAll(() => servers.close());

const JSON_FEED = "application/json; charset=utf-8";

test("`Accept: application/json, text/plain, */*` means JSON", async () => {
	const reply = await servers.ask(get("/streams/habits", "application/json, text/plain, */*"));
	expect([reply.status, reply.headers["content-type"]]).toEqual([200, JSON_FEED]);
});

test.each([EVENTS_JSON, "application/json", "application/x-www-form-urlencoded", "nonsense", ""])(
	"a Content-Type of %j on a GET is passed over",
	async (contentType) => {
		const headers = { "Content-Type": contentType };
		const reply = await servers.ask(get("/streams/habits/0/forward/20", ATOM_JSON, headers));
		expect(reply.status).toBe(200);
	},
);

test("credentials are accepted", async () => {
	const headers = { Authorization: `Basic ${Buffer.from("admin:changeit").toString("base64")}` };
	expect((await servers.ask(get("/streams/habits", ATOM_JSON, headers))).status).toBe(200);
	const appended = await servers.ask(batch("credentials", [event({})], headers));
	expect(appended.status).toBe(201);
});

test.each(["Body", "BODY", "body", "boDY"])("`embed=%s` shows the data", async (embed) => {
	const reply = await servers.ask(get(`/streams/habits/0/forward/1?embed=${embed}`));
	expect(reply.json.entries).toMatchObject([{ data: '{"i":0}' }]);
});

test("`/head/50` reads backward without saying so", async () => {
	const short = await servers.ask(get("/streams/habits/head/50"));
	const long = await servers.ask(get("/streams/habits/head/backward/50"));
	expect(short.json.entries).toHaveLength(50);
	expect(short.text).toBe(long.text);
});

test("5,000 events fit into one batch, and are read back in pages of 4,096", async () => {
	const events = Array.from({ length: 5000 }, (_, i) => event({ i }));
	const reply = await servers.ask(batch("large", events, { "ES-ExpectedVersion": "-1" }));
	expect([reply.status, reply.headers.location]).toEqual([201, `${servers.url}/streams/large/0`]);
	const numbers = [];
	for (const from of [0, 4096]) {
		const page = await servers.ask(get(`/streams/large/${from}/forward/4096`));
		numbers.unshift(...(page.json.entries as { title: string }[]).map(({ title }) => title));
		if (from === 4096) expect(page.json.headOfStream).toBe(true);
	}
	expect(numbers).toEqual(Array.from({ length: 5000 }, (_, i) => `${4999 - i}@large`));
});

test("a conflict has the very reason phrase clients compare, and the current version", async () => {
	for (const name of ["ES-ExpectedVersion", "Kurrent-ExpectedVersion"]) {
		const reply = await servers.ask(batch("habits", [event({})], { [name]: "7" }));
		expect([reply.status, reply.reason]).toEqual([400, "Wrong expected EventNumber"]);
		expect(reply.headers).toMatchObject({
			"es-currentversion": "59",
			"kurrent-currentversion": "59",
		});
	}
});

test("every page can be had by arithmetic as well as by links", async () => {
	const seen: string[] = [];
	for (let from = 0; from < 60; from += 7) {
		const page = await servers.ask(get(`/streams/habits/${from}/forward/7`));
		seen.push(...(page.json.entries as { title: string }[]).map(({ title }) => title).toReversed());
	}
	expect(seen).toEqual(Array.from({ length: 60 }, (_, i) => `${i}@habits`));
});

test("places in `$all` can be cut out of links as 32 hexadecimal digits", async () => {
	const head = await servers.ask(get("/streams/%24all/head/backward/3"));
	const links = head.json.links as { relation: string; uri: string }[];
	for (const relation of ["next", "previous"]) {
		const uri = links.find((link) => link.relation === relation)?.uri ?? "";
		const position = /\/streams\/%24all\/([0-9A-F]{32})\/(?:for|back)ward\/\d+$/.exec(uri)?.[1];
		const page = await servers.ask(get(`/streams/$all/${position?.toLowerCase()}/backward/5`));
		expect(page.status).toBe(200);
		expect(page.json.entries).not.toHaveLength(0);
	}
});

test("a POST without a body may call itself a form, where nothing reads it", async () => {
	const reply = await servers.ask({
		method: "POST",
		path: "/admin/scavenge",
		headers: { "Content-Type": "application/x-www-form-urlencoded", "Content-Length": "0" },
	});
	// Whoever has that route answers it; that the body could not be read is never the answer.
	expect(reply.status).not.toBe(415);
});

function event(data: object) {
	return { eventId: crypto.randomUUID(), eventType: "Habit", data };
}
