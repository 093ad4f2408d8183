/** Every media type of contract 0.10 that can be sent, as a client sends it. */
import { ATOM, ATOM_JSON, EVENTS_JSON, get } from "./ask.ts";
import { type Servers, startServers } from "./harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({ bodyBytesMax: 4 * 1024 * 1024 });
});
afterAll(() => servers.close());

const HEADER_ID = "aaaaaaaa-0000-4000-8000-000000000001";
const TYPED = { "ES-EventType": "FromHeader" };
const NAMED = { ...TYPED, "ES-EventId": HEADER_ID };

const ofJson = (id: string) =>
	JSON.stringify([{ eventId: id, eventType: "FromBody", data: { a: "1" } }]);
const ofXml = (id: string) =>
	`<events><event><eventId>${id}</eventId><eventType>FromBody</eventType><data><a>1</a></data></event></events>`;

const BATCHES = [
	[EVENTS_JSON, ofJson],
	["application/vnd.kurrent.events+json", ofJson],
	["application/vnd.eventstore.event+json", ofJson],
	["application/vnd.kurrent.event+json", ofJson],
	["application/vnd.eventstore.events+xml", ofXml],
	["application/vnd.eventstore.event+xml", ofXml],
] as const;
const ATOMS = [
	[ATOM, ofXml],
	[ATOM_JSON, ofJson],
	["application/vnd.kurrent.atom+json", ofJson],
] as const;
const SINGLES = ["application/json", "text/xml", "application/xml"] as const;

test.each(BATCHES)("%s is a batch that names ids and types itself", async (type, body) => {
	const id = crypto.randomUUID();
	expect(await append(`batch-${type}`, type, {}, body(id))).toMatchObject({ status: 201 });
	expect(await storedIn(`batch-${type}`)).toEqual([id, "FromBody", '{"a":"1"}']);
});

test.each(ATOMS)("%s asks for the headers, and takes what the body says", async (type, body) => {
	const id = crypto.randomUUID();
	const stream = `atom-${type}`;
	const untyped = await append(stream, type, {}, body(id));
	expect([untyped.status, untyped.json.type]).toEqual([
		400,
		"urn:varve:problem:missing-event-type",
	]);
	expect(await append(stream, type, TYPED, body(id))).toMatchObject({ status: 307 });
	expect(await append(stream, type, NAMED, body(id))).toMatchObject({ status: 201 });
	expect(await storedIn(stream)).toEqual([id, "FromBody", '{"a":"1"}']);
});

test.each([...SINGLES, ...ATOMS.map(([type]) => type)])(
	"%s can be sent to a URL that holds the id",
	async (type) => {
		const id = crypto.randomUUID();
		const isAtom = type.includes("atom");
		const body = type.includes("xml") ? ofXml(id) : ofJson(id);
		const path = `incoming-${type}`;
		const reply = await servers.ask({
			path: `/streams/${encodeURIComponent(path)}/incoming/${id}`,
			headers: { "Content-Type": type, ...TYPED },
			body,
		});
		expect(reply.status).toBe(201);
		const data = isAtom ? '{"a":"1"}' : body;
		expect(await storedIn(path)).toEqual([id, isAtom ? "FromBody" : "FromHeader", data]);
	},
);

test.each([...BATCHES.map(([type]) => type), "application/octet-stream", "text/plain", ""])(
	"S14: %j cannot be sent there",
	async (type) => {
		const reply = await servers.ask({
			path: `/streams/s/incoming/${HEADER_ID}`,
			headers: { "Content-Type": type, ...TYPED },
			body: "[]",
		});
		expect([reply.status, reply.reason]).toEqual([415, "Invalid or missing Content-Type"]);
	},
);

test("an XML batch is one append: numbered in order, or not written at all", async () => {
	const type = "application/vnd.eventstore.events+xml";
	const event = (name: string, id: string = crypto.randomUUID()) =>
		`<event><eventId>${id}</eventId><eventType>${name}</eventType></event>`;
	const good = `<events>${["A", "B", "C"].map((name) => event(name)).join("")}</events>`;
	expect((await append("xml", type, {}, good)).status).toBe(201);
	const bad = `<events>${event("D")}${event("E", "none")}</events>`;
	expect((await append("xml", type, {}, bad)).json).toMatchObject({ status: 400, index: 1 });
	const page = await servers.ask(get("/streams/xml?embed=rich"));
	expect(page.json.entries).toMatchObject(["C", "B", "A"].map((eventType) => ({ eventType })));
});

test("a document type is refused, and what is wrong is said", async () => {
	const xml = `<!DOCTYPE e [<!ENTITY x SYSTEM "file:///etc/passwd">]>${ofXml(HEADER_ID)}`;
	const reply = await append("xml", "application/vnd.eventstore.events+xml", {}, xml);
	expect([reply.status, reply.json.type]).toEqual([400, "urn:varve:problem:malformed-body"]);
	expect(reply.json.detail).toContain("it has a document type");
});

function append(stream: string, type: string, headers: object, body: string) {
	const path = `/streams/${encodeURIComponent(stream)}`;
	return servers.ask({ path, headers: { "Content-Type": type, ...headers }, body });
}

async function storedIn(stream: string) {
	const slice = await servers.log.read({
		stream: stream as Parameters<typeof servers.log.last>[0],
		from: "head",
		limit: 1,
		direction: "backward",
		content: true,
	});
	const event = slice.entries[0]?.event;
	return [event?.id, event?.type, Buffer.from(event?.data ?? []).toString()];
}
