/**
 * What prooph's PHP client of EventStore's HTTP API (prooph/event-store-http-client, its last commit
 * of 2020, over prooph/event-store 8) sends, byte for byte, and what it needs of the answers. It has
 * strict types: a number that is no whole one, or a member that is not there, is an error to it.
 */
import { randomUUID } from "node:crypto";
import type { OutgoingHttpHeaders } from "node:http";
import { ATOM_JSON, EVENTS_JSON, type Json, type Reply } from "../../http/ask.ts";
import { type Servers, startServers, until } from "../../http/harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({ insecureDefaults: true, insecure: false });
});
afterAll(() => servers.close());

const newName = () => `prooph-${randomUUID()}`;
/** `rawurlencode` but for the space: what PHP's `urlencode` makes of a name. */
const urlencode = (name: string) =>
	encodeURIComponent(name)
		.replace(/%20/g, "+")
		.replace(/[!'()*~]/g, (char) => {
			return `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
		});

type Credentials = readonly [login: string, password: string];
const ADMIN: Credentials = ["admin", "changeit"];

/** As its HTTP client sends it: no `Accept` unless it is named, a length for every body. */
function send(
	method: string,
	path: string,
	headers: OutgoingHttpHeaders = {},
	body?: string,
	[login, password]: Credentials = ADMIN,
): Promise<Reply> {
	const basic = Buffer.from(`${login}:${password}`).toString("base64");
	const own = { "User-Agent": "GuzzleHttp/6.5.5 curl/7.64.0 PHP/7.4.8" };
	const sent = { ...own, ...headers, Authorization: `Basic ${basic}` };
	return servers.ask({ method, path, headers: sent, ...(body === undefined ? {} : { body }) });
}

const JSON_TYPE = { "Content-Type": "application/json" };
const MASTER = { "ES-RequiresMaster": "true" };
const command = (path: string) => send("POST", path, JSON_TYPE, "");

/** The data of its events are texts, whether they are JSON or not. */
function append(stream: string, data: readonly string[], expected = -2, type = "testEvent") {
	const events = data.map((one) => {
		return { eventId: randomUUID(), eventType: type, data: one, metadata: "" };
	});
	const headers = { "Content-Type": EVENTS_JSON, "ES-ExpectedVersion": expected, ...MASTER };
	return send("POST", `/streams/${urlencode(stream)}`, headers, JSON.stringify(events));
}

function read(path: string) {
	return send("GET", `${path}?embed=tryharder`, { Accept: ATOM_JSON, ...MASTER });
}

describe("projections", () => {
	const query = (stream: string) =>
		`fromStream('${stream}').when({\n    '$any': function (s, e) {\n        s.count = 1;\n        return s;\n    }\n});`;
	const of = (name: string, rest = "") => `/projection/${urlencode(name)}${rest}`;
	const continuous = (name: string, stream: string, track = 0) => {
		const path = `/projections/continuous?name=${urlencode(name)}&type=JS&emit=1&trackemittedstreams=${track}`;
		return send("POST", path, JSON_TYPE, query(stream));
	};
	const statusOf = async (name: string) => {
		const reply = await send("GET", of(name));
		expect([reply.status, membersThatFail(reply.json)]).toEqual([200, []]);
		return String(reply.json.status);
	};
	/** What its value of a projection's details does not take. */
	const membersThatFail = (entry: Json) =>
		[
			...WHOLE_NUMBERS.filter((name) => !Number.isInteger(entry[name])),
			...TEXTS.filter((name) => typeof entry[name] !== "string"),
			typeof entry.progress === "number" ? "" : "progress",
		].filter((name) => name !== "");
	const WHOLE_NUMBERS =
		"coreProcessingTime version epoch writesInProgress readsInProgress partitionsCached eventsProcessedAfterRestart bufferedEvents writePendingEventsBeforeCheckpoint writePendingEventsAfterCheckpoint".split(
			" ",
		);
	const TEXTS =
		"effectiveName status name mode position statusUrl stateUrl resultUrl queryUrl enableCommandUrl disableCommandUrl".split(
			" ",
		);

	async function made(track = 0) {
		const [name, stream] = [`${newName()} ü/$(1)`, newName()];
		for (const data of ['{"A": 1}', '{"A": 2}']) await append(stream, [data]);
		expect((await continuous(name, stream, track)).status).toBe(201);
		return { name, stream };
	}

	test.each([
		["emitEnabled", 0],
		["trackEmittedStreams", 1],
	])("a continuous one is listed, and its stream tells of %s", async (member, track) => {
		const { name } = await made(track);
		const listed = await send("GET", "/projections/continuous");
		const entries = listed.json.projections as Json[];
		expect(entries.flatMap(membersThatFail)).toEqual([]);
		const entry = entries.find(({ effectiveName }) => effectiveName === name);
		expect(entry?.name).toBe(name);
		const event = await read(`/streams/${urlencode(`$projections-${name}`)}/0`);
		expect(event.status).toBe(200);
		expect(JSON.parse(String(event.json.data))).toMatchObject({ [member]: true });
	});

	test("it is stopped, runs again, is reset, changed, aborted and deleted", async () => {
		const { name } = await made();
		expect((await command(of(name, "/command/disable"))).status).toBe(200);
		expect(await statusOf(name)).toMatch(/^Stopped/);
		expect((await command(of(name, "/command/enable"))).status).toBe(200);
		expect(await statusOf(name)).toBe("Running");
		expect((await command(of(name, "/command/reset"))).status).toBe(200);
		expect(["Running", "Preparing", "Preparing/Stopping"]).toContain(await statusOf(name));
		const other = query("DifferentStream");
		for (const emit of ["?emit=0", "?emit=1", ""]) {
			expect((await send("PUT", of(name, `/query${emit}`), JSON_TYPE, other)).status).toBe(200);
		}
		expect((await send("GET", of(name, "/query"))).text).toBe(other);
		expect((await command(of(name, "/command/abort"))).status).toBe(200);
		const gone = await send("DELETE", of(name, "?deleteEmittedStreams=1"));
		expect(gone.status).toBe(200);
		expect((await send("GET", of(name))).status).toBe(404);
	});

	test("a second one of a name is a conflict", async () => {
		const { name, stream } = await made();
		const { status, reason } = await continuous(name, stream);
		expect([status, reason]).toEqual([409, "Conflict"]);
	});

	test("a transient one completes, and has a state", async () => {
		const [name, stream] = [newName(), newName()];
		await append(stream, ['{"A": 1}', '{"A": 2}']);
		const path = `/projections/transient?name=${urlencode(name)}&type=JS`;
		expect((await send("POST", path, JSON_TYPE, query(stream))).status).toBe(201);
		await until(async () => (await statusOf(name)).includes("Completed"));
		for (const part of ["/state", "/result"]) {
			expect((await send("GET", of(name, part))).text).toBe('{"count":1}');
		}
		const partition = await send("GET", of(name, `/state?partition=${urlencode("a/b c")}`));
		expect(partition.status).toBe(200);
	});

	test("one of a single run is listed as such", async () => {
		const once = await send("POST", "/projections/onetime?type=JS", JSON_TYPE, query(newName()));
		expect(once.status).toBe(201);
		for (const list of ["onetime", "any"]) {
			const entries = (await send("GET", `/projections/${list}`)).json.projections as Json[];
			expect(entries.length).toBeGreaterThan(0);
			expect(entries.flatMap(membersThatFail)).toEqual([]);
		}
	});
});
