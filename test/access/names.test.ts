/**
 * What lists, subscriptions and metrics tell of streams that their reader may not read: no name, no
 * type and no size.
 */
import { get } from "../http/ask.ts";
import type { Servers } from "../http/harness.ts";
import { allTo, as, type Role, setAcl, startWithRoles, write } from "./roles.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startWithRoles();
	await setAcl(servers, "hidden-1", allTo("una"));
	const metadata = { $correlationId: "hidden-case" };
	await write(
		servers,
		{ stream: "hidden-1", type: "HiddenType", data: { a: 1 }, metadata },
		{ stream: "open-1", type: "T", data: 1 },
		{ stream: "hidden-1", type: "T", data: "x".repeat(10_000) },
		{ stream: "linked-1", type: "$>", data: "0@hidden-1" },
	);
	const subscriptions = ["hidden-1", "$ce-hidden", "open-1"];
	for (const stream of subscriptions) {
		const path = `/subscriptions/${encodeURIComponent(stream)}/group`;
		const made = await servers.ask(as("admin", { path, method: "PUT" }));
		expect(made.status).toBe(201);
		// It counts from its first use on.
		await servers.ask(as("admin", get(`${path}/1`)));
	}
});
afterAll(() => servers.close());

const textFor = async (role: Role, path: string) =>
	(await servers.ask(as(role, get(path, "*/*")))).text;

type Row = { stream: string; bytes: number; lastType: string };

async function rowsFor(role: Role, query = ""): Promise<Row[]> {
	const { json } = await servers.ask(as(role, get(`/streams?limit=100${query}`, "*/*")));
	return (json as unknown as { streams: Row[] }).streams;
}

const namesFor = async (role: Role, query = "") =>
	(await rowsFor(role, query)).map(({ stream }) => stream);

const INDEXES = "&prefix=%24";

describe("a list of streams", () => {
	test.each([
		"",
		"&prefix=%24",
		"&prefix=%24ce-",
		"&order=created",
		"&order=changed",
		"&contains=idden",
		"&order=largest",
	])("names no index stream whose events are all left out (%s)", async (query) => {
		const text = JSON.stringify(await rowsFor("ugo", query));
		expect(text).not.toMatch(/idden/);
	});

	test("has those of which its reader may see something, by what that is", async () => {
		const row = (await rowsFor("ugo", INDEXES)).find(({ stream }) => stream === "$et-T");
		expect(row?.bytes).toBeLessThan(100);
		const linked = (await rowsFor("ugo")).find(({ stream }) => stream === "linked-1");
		expect(linked?.lastType).toBe("$>");
		expect(await namesFor("una")).toContain("hidden-1");
		const indexes = ["$bc-hidden-case", "$ce-hidden", "$et-HiddenType"];
		expect(await namesFor("una", INDEXES)).toEqual(expect.arrayContaining(indexes));
		expect(await namesFor("admin", INDEXES)).toEqual(expect.arrayContaining(indexes));
	});
});

describe("subscriptions", () => {
	test("of streams that one may not read are not there", async () => {
		expect(await textFor("ugo", "/subscriptions")).toContain("open-1");
		expect(await textFor("ugo", "/subscriptions")).not.toContain("hidden-1");
		for (const path of ["/subscriptions/hidden-1/group/info", "/subscriptions/hidden-1/group"]) {
			expect((await servers.ask(as("ugo", get(path, "*/*")))).status).toBe(401);
		}
		expect((await servers.ask(as("ugo", get("/subscriptions/hidden-1", "*/*")))).status).toBe(404);
		for (const role of ["una", "operator", "admin"] as const) {
			expect(await textFor(role, "/subscriptions")).toContain("hidden-1");
		}
	});

	test("are told by name in metrics to whoever may read their streams, or runs the server", async () => {
		expect(await textFor("ugo", "/metrics")).toContain('stream="open-1"');
		expect(await textFor("ugo", "/metrics")).not.toContain("hidden-1");
		expect(await textFor("anonymous", "/metrics")).not.toContain("hidden-1");
		expect(await textFor("operator", "/metrics")).toContain('stream="hidden-1"');
	});

	test("show no message whose link stands in a stream that its consumer may not read", async () => {
		await setAcl(servers, "hidden-links", allTo("admin"));
		await write(servers, { stream: "hidden-links", type: "$>", data: "0@open-1" });
		const path = "/subscriptions/%24ce-hidden/links";
		const body = JSON.stringify({ resolveLinktos: true, startFrom: 0 });
		const headers = { "Content-Type": "application/json" };
		await servers.ask(as("admin", { path, method: "PUT", headers, body }));
		const { text } = await servers.ask({
			...as("ugo", get(`${path}/50`, "application/vnd.varve.messages+ndjson")),
		});
		expect(text).toContain('"event":null');
		expect(text).not.toMatch(/open-1|hidden-links/);
	});
});
