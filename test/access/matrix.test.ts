/**
 * Who may do what, through HTTP, over both lanes: every role × right × kind of stream × format. Each
 * row names the roles that may; all others get 401.
 */
import { type Ask, ATOM, ATOM_JSON, batch, EVENTS_JSON } from "../http/ask.ts";
import type { Lane, Servers } from "../http/harness.ts";
import { allTo, as, ROLES, type Role, setAcl, startWithRoles, write } from "./roles.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startWithRoles();
	const streams = ["open-1", "team-1", "una-1", "closed-1", "$system"];
	await write(servers, ...streams.map((stream) => ({ stream, type: "T", data: 1 })));
	await setAcl(servers, "team-1", allTo("team"));
	await setAcl(servers, "una-1", allTo("una"));
	await setAcl(servers, "closed-1", allTo());
});
afterAll(() => servers.close());

const EVERYONE = Object.keys(ROLES) as Role[];
const OPEN = EVERYONE;
/** All but the token for streams that begin with `open-`. */
const UNSCOPED = OPEN.filter((role) => role !== "prefixed");
const READING: Readonly<Record<string, readonly Role[]>> = {
	"open-1": OPEN,
	"team-1": ["mel", "max", "admin", "reader"],
	"una-1": ["una", "admin", "reader"],
	"closed-1": ["admin", "reader"],
	$system: ["admin", "reader"],
	"$ce-open": UNSCOPED,
	$streams: UNSCOPED,
	$all: UNSCOPED,
};
/** The index streams and `$all` are written by the log alone. */
const WRITABLE = ["open-1", "team-1", "una-1", "closed-1", "$system"];

const FORMATS = [
	"*/*",
	ATOM,
	ATOM_JSON,
	"application/vnd.varve.events+ndjson",
	"application/x-ndjson",
	"application/cloudevents-batch+json",
	"application/feed+json",
	"text/csv",
	"text/event-stream",
];

const get = (path: string, accept = "*/*"): Ask => ({
	path,
	// A live stream has no end.
	method: accept === "text/event-stream" ? "HEAD" : "GET",
	headers: { Accept: accept },
});

async function statusOf(lane: Lane, role: Role, ask: Ask): Promise<number> {
	const { status, headers, body } = await lane.ask(as(role, ask));
	if (status !== 401) return status;
	expect(headers["www-authenticate"]).toBe('Basic realm="Varve", charset="UTF-8"');
	expect(headers["cache-control"]).toBe("no-store");
	if (body.length > 0) expect(body.toString()).toContain("urn:varve:problem:");
	return status;
}

/** Asks as every role, over both lanes; gives back those who were not refused. */
async function rolesThatMay(ask: Ask): Promise<Role[]> {
	const overEach = EVERYONE.flatMap((role) => [
		statusOf(servers, role, ask),
		statusOf(servers.express, role, ask),
	]);
	const statuses = await Promise.all(overEach);
	return EVERYONE.filter((role, at) => {
		const refused = statuses.slice(2 * at, 2 * at + 2).map((status) => status === 401);
		expect([role, refused[1]]).toEqual([role, refused[0]]);
		return !refused[0];
	});
}

describe.each(Object.entries(READING))("%s is read by %j", (stream, readers) => {
	const at = `/streams/${encodeURIComponent(stream)}`;
	const number = stream === "$all" ? "0".repeat(32) : "0";
	const places = [at, `${at}/${number}/forward/20`, `${at}/head/backward/20`];

	test.each(FORMATS)("as pages in %s", async (format) => {
		for (const place of places.slice(0, 2))
			expect(await rolesThatMay(get(place, format))).toEqual(readers);
	});

	test("again, when the server remembers the request", async () => {
		for (let time = 0; time < 3; time++)
			expect(await rolesThatMay(get(places[1] as string, ATOM_JSON))).toEqual(readers);
	});

	test("with conditions that would be answered with 304", async () => {
		const tags = new Map<string, string>();
		for (const place of places) {
			const { headers } = await servers.ask(as("admin", get(place, ATOM)));
			tags.set(place, headers.etag ?? "*");
		}
		for (const place of places) {
			const headers = { Accept: ATOM, "If-None-Match": tags.get(place) };
			expect(await rolesThatMay({ path: place, headers })).toEqual(readers);
		}
	});

	test("event by event, as of a moment, from a time on, in a search", async () => {
		const found = `/search?stream=${encodeURIComponent(stream)}`;
		for (const place of [
			`${at}/${number}`,
			`${at}/head`,
			`${at}?as-of=0`,
			`${at}/at/2020-01-01T00:00:00Z`,
			found,
		]) {
			expect([place, await rolesThatMay(get(place))]).toEqual([place, readers]);
		}
	});
});

describe.each(WRITABLE)("%s", (stream) => {
	const at = `/streams/${encodeURIComponent(stream)}`;
	const readers = READING[stream] ?? [];
	const writers = readers.filter((role) => role !== "reader");
	const event = (eventType: string, data: unknown = 1) => ({
		eventId: crypto.randomUUID(),
		eventType,
		data,
	});

	test("is written by those who may write", async () => {
		expect(await rolesThatMay(batch(stream, [event("T")]))).toEqual(writers);
	});

	test("has metadata for those who may read it, under each of its URLs", async () => {
		const described = `/streams/${encodeURIComponent(`$$${stream}`)}`;
		for (const place of [
			`${at}/metadata`,
			`${at}/metadata/0`,
			`${at}/metadata/0/forward/20`,
			described,
			`${described}/0`,
			`${described}/0/forward/20`,
			`${described}/head/backward/20`,
		]) {
			expect([place, await rolesThatMay(get(place))]).toEqual([place, readers]);
		}
	});

	test("gets metadata from those who may write it, under each of its URLs", async () => {
		// A version that is never current: nothing is changed.
		const headers = { "ES-ExpectedVersion": "999" };
		const metadata = event("$metadata", {});
		const toIt = { path: `${at}/metadata`, body: JSON.stringify([metadata]) };
		const types = { ...headers, "Content-Type": EVENTS_JSON };
		expect(await rolesThatMay({ ...toIt, headers: types })).toEqual(writers);
		const direct = batch(`$$${stream}`, [metadata], headers);
		expect(await rolesThatMay(direct)).toEqual(writers);
	});

	test("is deleted by those who may delete", async () => {
		const ask = { method: "DELETE", path: at, headers: { "ES-ExpectedVersion": "999" } };
		expect(await rolesThatMay(ask)).toEqual(writers);
	});

	test("is redacted by operators alone", async () => {
		const ask = { method: "DELETE", path: `${at}/999/data` };
		expect(await rolesThatMay(ask)).toEqual(["operator", "admin"]);
	});
});

test.each(["$ce-open", "$streams", "$all"])("nobody writes to %s", async (stream) => {
	const event = { eventId: crypto.randomUUID(), eventType: "T", data: 1 };
	expect(await rolesThatMay(batch(stream, [event]))).toEqual([]);
});

test("nobody deletes $all, or the metadata of a stream", async () => {
	expect(await rolesThatMay({ method: "DELETE", path: "/streams/$all" })).toEqual([]);
	for (const role of EVERYONE) {
		const ask = { method: "DELETE", path: "/streams/$$open-1" };
		expect(await statusOf(servers, role, ask)).toBe(role === "reader" ? 401 : 400);
	}
});

test.each([
	["/log/checkpoint", UNSCOPED],
	["/log/tile/0/000", UNSCOPED],
	["/metrics", UNSCOPED],
	["/stats", UNSCOPED],
	["/", UNSCOPED],
	["/streams", UNSCOPED],
	["/admin/scavenge/last", ["operator", "admin"]],
	["/admin/export", ["admin", "reader"]],
	["/admin/import", ["admin"]],
	["/ping", EVERYONE],
	["/info", EVERYONE],
	["/health/live", EVERYONE],
] as const)("GET %s is for %j", async (path, roles) => {
	expect(await rolesThatMay(get(path))).toEqual(roles);
});
