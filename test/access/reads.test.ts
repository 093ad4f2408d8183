/**
 * What a reader may not read is in no answer: not its name, its type, its data or its metadata, in
 * whichever way `$all`, an index stream, a list or a search is asked for.
 */
import { type Ask, ATOM, ATOM_JSON, get, type Reply } from "../http/ask.ts";
import { type Servers, until } from "../http/harness.ts";
import { allTo, as, type Role, setAcl, startWithRoles, write } from "./roles.ts";

/** Each stream is told by its name, its type and its data. */
const STREAMS = ["open-1", "shared-team", "shared-una", "shared-closed"] as const;
const MARKS = STREAMS.map((stream) => [stream, `Type-${stream}`, `data-of-${stream}`]);
const READERS: readonly (readonly [Role, readonly number[]])[] = [
	["anonymous", [0]],
	["una", [0, 2]],
	["mel", [0, 1]],
	["operator", [0]],
	["admin", [0, 1, 2, 3]],
];

let servers: Servers;
beforeAll(async () => {
	servers = await startWithRoles();
	await setAcl(servers, "shared-team", allTo("team"));
	await setAcl(servers, "shared-una", allTo("una"));
	await setAcl(servers, "shared-closed", allTo());
	for (const stream of STREAMS) {
		const data = { of: `data-of-${stream}` };
		const metadata = { $correlationId: "one" };
		await write(servers, { stream, type: `Type-${stream}`, data, metadata });
		await write(servers, { stream, type: `Type-${stream}`, data, metadata });
	}
	await write(servers, { stream: "$secret", type: "TypeSecret", data: "data-of-secret" });
});
afterAll(() => servers.close());

const MIXED = ["$all", "$ce-shared", "$bc-one", "$et-$metadata", "$streams"];
const FORMATS = [
	ATOM,
	ATOM_JSON,
	"application/vnd.varve.events+ndjson",
	"application/x-ndjson",
	"application/cloudevents-batch+json",
	"application/feed+json",
	"text/csv",
];

/** What an answer shows that its reader may not see. */
function leaksIn({ text, headers }: Reply, seen: readonly number[]): string[] {
	const marks = MARKS.flatMap((words, at) => (seen.includes(at) ? [] : words));
	const secret = seen.length === STREAMS.length ? [] : ["$secret", "%24secret", "Secret"];
	const all = text + JSON.stringify(headers);
	return [...marks, ...secret].filter((word) => all.includes(word));
}

function pathOf(stream: string): string {
	return `/streams/${encodeURIComponent(stream)}`;
}

/** Over both lanes, twice each: the second time from memory, if there is one. */
async function askAll(role: Role, ask: Ask): Promise<Reply[]> {
	const both = () => Promise.all([servers, servers.express].map((lane) => lane.ask(as(role, ask))));
	return [...(await both()), ...(await both())];
}

describe.each(READERS)("as %s", (role, seen) => {
	test.each(MIXED)("%s leaves out the rest, in every format", async (stream) => {
		const start = stream === "$all" ? "0".repeat(32) : "0";
		const asks = FORMATS.flatMap((format) => [
			get(pathOf(stream), format),
			get(`${pathOf(stream)}/${start}/forward/20?embed=body`, format),
			// As the links that the entries are.
			get(`${pathOf(stream)}/${start}/forward/20?embed=body`, format, {
				"ES-ResolveLinkTos": "False",
			}),
		]);
		for (const ask of asks) {
			for (const reply of await askAll(role, ask)) {
				expect([ask.path, reply.status, leaksIn(reply, seen)]).toEqual([ask.path, 200, []]);
			}
		}
	});

	test("a filter of $all, a search and a list find nothing of the rest, and all of its own", async () => {
		const filter =
			"/streams/$all/filtered?context=streamid&type=prefix&data=shared,open&embed=body";
		for (const path of [filter, "/search", "/streams", "/streams?order=changed"]) {
			for (const reply of await askAll(role, get(path, path === filter ? ATOM_JSON : "*/*"))) {
				expect([path, reply.status, leaksIn(reply, seen)]).toEqual([path, 200, []]);
				for (const at of seen) expect(reply.text).toContain(STREAMS[at]);
			}
		}
		for (const order of ["created", "largest", "name"]) {
			const [reply] = await askAll(role, get(`/streams?order=${order}&contains=shared`));
			expect(leaksIn(reply as Reply, seen)).toEqual([]);
		}
		const [service] = await askAll(role, get("/"));
		expect(leaksIn(service as Reply, seen)).toEqual([]);
		const [asOf] = await askAll(role, get(`${pathOf("$all")}?as-of=%4099999`));
		expect(leaksIn(asOf as Reply, seen)).toEqual([]);
	});

	test("an entry by its number is not there, and looks no different from none", async () => {
		for (let at = 0; at < 3; at++) {
			const [reply] = await askAll(role, get(`${pathOf("$ce-shared")}/${2 * at}`, ATOM_JSON));
			const isSeen = seen.includes(at + 1);
			expect([at, reply?.status]).toEqual([at, isSeen ? 200 : 404]);
			if (!isSeen) expect(leaksIn(reply as Reply, seen)).toEqual([]);
		}
	});

	test("numbers, links and the length of the stream stay the same", async () => {
		const page = get(`${pathOf("$ce-shared")}/0/forward/6?embed=rich`, ATOM_JSON);
		const all = (await servers.ask(as("admin", page))).json;
		const mine = (await servers.ask(as(role, page))).json;
		expect(mine.links).toEqual(all.links);
		const own = all.entries as { streamId: string }[];
		const left = own.filter(({ streamId }) => seen.some((at) => STREAMS[at] === streamId));
		expect(mine.entries).toEqual(left);
	});
});

test("a list tells nobody how many names begin with a prefix that they may not read", async () => {
	for (const prefix of ["shared-c", "shared-x", "$sec"]) {
		const { json } = await servers.ask(as("una", get(`/streams?prefix=${prefix}`, "*/*")));
		expect([json.streams, json.searched, json.next]).toEqual([[], 0, undefined]);
	}
});

test("a live reader of an index stream gets its own events alone", async () => {
	const { signal, stop } = stopper();
	const url = `${servers.url}${pathOf("$ce-live")}`;
	const headers = { Accept: "text/event-stream", Authorization: "Bearer mel" };
	let got = "";
	const reading = fetch(url, { headers, signal }).then(async ({ body }) => {
		for await (const chunk of body ?? []) got += Buffer.from(chunk).toString();
	});
	await setAcl(servers, "live-closed", allTo());
	await write(servers, { stream: "live-closed", type: "T", data: { of: "not-for-mel" } });
	await write(servers, { stream: "live-open", type: "T", data: { of: "for-everyone" } });
	await until(() => got.includes("for-everyone"));
	expect(got).not.toContain("not-for-mel");
	expect(got).not.toContain("live-closed");
	stop();
	await reading.catch(() => undefined);
});

test("a live reader whose right is taken gets nothing that comes later", async () => {
	const url = `${servers.url}${pathOf("taken-1")}`;
	const headers = { Accept: "text/event-stream", Authorization: "Bearer una" };
	await write(servers, { stream: "taken-1", type: "T", data: "before" });
	let got = "";
	const reading = fetch(url, { headers }).then(async ({ body }) => {
		for await (const chunk of body ?? []) got += Buffer.from(chunk).toString();
	});
	await until(() => got.includes("before"));
	await setAcl(servers, "taken-1", allTo("team"));
	await write(servers, { stream: "taken-1", type: "T", data: "afterwards" });
	// The server ends the answer.
	await reading.catch(() => undefined);
	expect(got).not.toContain("afterwards");
});

test("a link shows nothing of an event that its reader may not read", async () => {
	await write(servers, { stream: "links-1", type: "Own", data: "own" });
	for (const to of ["0@open-1", "0@shared-closed"]) await servers.ask(as("admin", linkAsk(to)));
	// A link to an entry of an index stream shows a link, which names the event it stands for.
	await servers.ask(as("admin", linkAsk("5@$ce-shared")));
	const page = get(`${pathOf("links-1")}/0/forward/20?embed=body`, ATOM_JSON);
	for (const reply of await askAll("una", page)) {
		const entries = reply.json.entries as { title: string; data?: string }[];
		// The writer of the link says where it leads.
		expect(entries.map(({ title }) => title)).toEqual([
			"5@$ce-shared",
			"0@shared-closed",
			"0@open-1",
			"0@links-1",
		]);
		expect(reply.text).not.toMatch(/Type-shared-closed|data-of-shared-closed|5@shared-closed/);
		expect(reply.text).toContain("data-of-open-1");
	}
	for (const reply of await askAll("admin", page)) {
		expect(reply.text).toContain("data-of-shared-closed");
	}
});

let links = 0;
function linkAsk(to: string): Ask {
	const id = `10000000-0000-4000-8000-${String(++links).padStart(12, "0")}`;
	const headers = {
		"Content-Type": "application/octet-stream",
		"ES-EventType": "$>",
		"ES-EventId": id,
	};
	return { path: pathOf("links-1"), headers, body: to };
}

function stopper() {
	const controller = new AbortController();
	return { signal: controller.signal, stop: () => controller.abort() };
}
