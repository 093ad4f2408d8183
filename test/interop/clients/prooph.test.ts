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
/** As PHP's `urlencode`, which makes a plus of a space even in a path. */
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
		const [name, stream] = [`${newName()}-ü/$(1)`, newName()];
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

/** What its parser of entries reads, and its types: strings and whole numbers. */
function expectParsed(entry: Json): void {
	expect(entry).toMatchObject({
		title: expect.stringMatching(/^\d+@.+$/),
		summary: expect.any(String),
		updated: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/),
		positionStreamId: expect.any(String),
		positionEventNumber: expect.any(Number),
		eventNumber: expect.any(Number),
		data: expect.any(String),
	});
}

describe("streams", () => {
	test("texts that are JSON are kept as such, and other texts as they are", async () => {
		const stream = newName();
		expect((await append(stream, ['{"foo":"bar"}', "123", ""], -1)).status).toBe(201);
		const page = await read(`/streams/${stream}/0/forward/20`);
		const entries = (page.json.entries as Json[]).toReversed();
		expect(entries.map(({ isJson }) => isJson)).toEqual([true, false, false]);
		for (const entry of entries) expectParsed(entry);
		expect(entries.slice(1).map(({ data }) => data)).toEqual(["123", ""]);
		expect(JSON.parse(String(entries[0]?.data))).toEqual({ foo: "bar" });
		for (const number of ["0", "head"]) {
			const event = await read(`/streams/${stream}/${number}`);
			expect(event.status).toBe(200);
			expectParsed(event.json);
		}
	});

	test("`$all` says in its links, after `/streams/%24all/`, where to go on", async () => {
		const stream = newName();
		await append(stream, ["a", "b"]);
		for (const [path, relation] of [
			["head/backward/1", "next"],
			["00000000000000000000000000000000/forward/2", "previous"],
		] as const) {
			const page = await read(`/streams/%24all/${path}`);
			const links = page.json.links as { uri: string; relation: string }[];
			const to = links.find((link) => link.relation === relation)?.uri ?? "";
			const start = `${servers.url}/streams/%24all/`;
			expect(to.slice(0, start.length)).toBe(start);
			expect(to.slice(start.length, start.length + 33)).toMatch(/^[0-9A-Fa-f]{32}\/$/);
		}
	});

	test("metadata may be nothing, and are read as the newest event of their stream", async () => {
		const stream = newName();
		for (const [metadata, number] of [
			["", 0],
			["{}", 1],
			['{"$maxAge":3735928559,"$acl":{"$r":"r1"},"custom":null}', 2],
		] as const) {
			const headers = { "ES-ExpectedVersion": number - 1, "ES-EventId": randomUUID() };
			const path = `/streams/${stream}/metadata`;
			const set = await send("POST", path, { ...headers, ...JSON_TYPE, ...MASTER }, metadata);
			expect(set.status).toBe(201);
			const found = await read(`/streams/${urlencode(`$$${stream}`)}/head`);
			expect(found.json).toMatchObject({ positionEventNumber: number });
			expect(String(found.json.data).replace(/\s/g, "")).toBe(metadata);
		}
		const hard = { "ES-ExpectedVersion": -1, "ES-HardDelete": "true", ...MASTER };
		expect((await send("DELETE", `/streams/${stream}`, hard)).status).toBe(204);
		expect((await read(`/streams/${urlencode(`$$${stream}`)}/head`)).status).toBe(410);
		expect((await send("DELETE", `/streams/${stream}`, hard)).status).toBe(410);
	});
});

describe("persistent subscriptions", () => {
	const SETTINGS = {
		resolveLinkTos: true,
		startFrom: 0,
		extraStatistics: false,
		checkPointAfterMilliseconds: 2000,
		liveBufferSize: 500,
		readBatchSize: 20,
		bufferSize: 500,
		maxCheckPointCount: 1000,
		maxRetryCount: 10,
		maxSubscriberCount: 0,
		messageTimeoutMilliseconds: 30_000,
		minCheckPointCount: 10,
		namedConsumerStrategy: "RoundRobin",
	};
	const COMPETING = { Accept: "application/vnd.eventstore.competingatom+json" };
	/** By this it names a message: of a link, the end of the URL that acknowledges it. */
	const idOf = (entry: Json) => {
		const links = entry.links as { uri: string; relation: string }[];
		const ack = links.find(({ relation }) => relation === "ack")?.uri ?? "";
		return entry.isLinkMetaData === true ? ack.slice(-36) : String(entry.eventId);
	};

	test.each([
		["its own events", (stream: string) => stream],
		["a category", (stream: string) => `$ce-${stream.split("-", 1)[0]}`],
	])("of %s are read, and acknowledged by the ids that it finds", async (_, sourceOf) => {
		const stream = `prooph${randomUUID().slice(0, 8)}-1`;
		const source = sourceOf(stream);
		await append(stream, ['{"foo":2}', '{"bar":3}']);
		const path = `/subscriptions/${urlencode(source)}/existing`;
		const made = await send("PUT", path, { ...JSON_TYPE, ...MASTER }, JSON.stringify(SETTINGS));
		expect(made.status).toBe(201);
		const page = await send("GET", `${path}/10?embed=tryharder`, COMPETING);
		const entries = page.json.entries as Json[];
		expect(entries).toHaveLength(2);
		const [newest, oldest] = entries.map(idOf);
		for (const entry of entries) {
			expectParsed(entry);
			if (source === stream) continue;
			const cause = { $causedBy: entry.eventId };
			expect(JSON.parse(String(entry.linkMetaData))).toEqual(cause);
		}
		const acked = await send("POST", `${path}/ack?ids=${oldest}`, {}, "");
		expect(acked.status).toBe(202);
		const parked = await send("POST", `${path}/nack?ids=${newest}&action=Park`, {}, "");
		expect(parked.status).toBe(202);
		const info = await send("GET", `${path}/info`);
		expect(info.json).toMatchObject({
			eventStreamId: source,
			groupName: "existing",
			status: "Live",
			totalItemsProcessed: expect.any(Number),
			lastKnownEventNumber: 1,
			totalInFlightMessages: 0,
			parkedMessageUri: expect.any(String),
			getMessagesUri: expect.any(String),
		});
		expect((await command(`${path}/replayParked`)).status).toBe(200);
		expect((await send("DELETE", path, MASTER)).status).toBe(200);
	});
});

test("users are made, changed and deleted", async () => {
	const login = randomUUID();
	const facts = {
		loginName: login,
		fullName: "full",
		groups: ["foo", "bar"],
		password: "password",
	};
	expect((await send("POST", "/users/", JSON_TYPE, JSON.stringify(facts))).status).toBe(201);
	const found = await send("GET", `/users/${login}`);
	const { links, ...user } = found.json.data as Json & { links: { href: string; rel: string }[] };
	expect(user).toMatchObject({ loginName: login, fullName: "full", groups: ["foo", "bar"] });
	expect(user.disabled).toBe(false);
	expect(links.map(({ rel, href }) => [rel, href.split(login)[1]])).toEqual([
		["reset-password", "/command/reset-password"],
		["change-password", "/command/change-password"],
		["edit", ""],
		["delete", ""],
		["disable", "/command/disable"],
	]);
	const own: Credentials = [login, "password"];
	const change = JSON.stringify({ currentPassword: "password", newPassword: "fubarfubar" });
	const path = `/users/${login}/command/change-password`;
	for (const status of [200, 401]) {
		expect((await send("POST", path, JSON_TYPE, change, own)).status).toBe(status);
	}
	const current = await send("GET", "/users/$current");
	expect(current.json.data).toMatchObject({ loginName: "admin" });
	const logins = ((await send("GET", "/users/")).json.data as Json[]).map((one) => one.loginName);
	expect(logins).toEqual(expect.arrayContaining(["admin", "ops", login]));
	const changed = JSON.stringify({ fullName: "something", groups: ["bar"] });
	expect((await send("PUT", `/users/${login}`, JSON_TYPE, changed)).status).toBe(200);
	for (const verb of ["disable", "enable"]) {
		expect((await command(`/users/${login}/command/${verb}`)).status).toBe(200);
	}
	for (const status of [200, 404]) {
		expect((await send("DELETE", `/users/${login}`)).status).toBe(status);
	}
});
