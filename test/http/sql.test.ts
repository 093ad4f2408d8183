/** Questions in SQL: what they see, what they cannot do, and what ends them. */
import { randomUUID } from "node:crypto";
import { batch } from "./ask.ts";
import { type Servers, startServers, until } from "./harness.ts";

let servers: Servers;
const event = (eventType: string, data: unknown) => ({ eventId: randomUUID(), eventType, data });

beforeAll(async () => {
	servers = await startServers({ insecure: false, adminPassword: "a password", passwordCost: 10 });
	await servers.ask(
		batch("order-1", [event("Placed", { amount: 3 }), event("Paid", { amount: 3 })]),
	);
	await servers.ask(batch("order-2", [event("Placed", { amount: 40 })]));
	await servers.ask(batch("old-1", [event("Placed", { amount: 500 })]));
	await servers.ask({ method: "DELETE", path: "/streams/old-1" });
});
afterAll(() => servers.close());

test("a link takes no parameters, and says so", async () => {
	const authorization = `Basic ${Buffer.from("admin:a password").toString("base64")}`;
	const asked = new URLSearchParams({ sql: "SELECT ?", parameters: "[1]" });
	const answer = await fetch(`${servers.url}/admin/sql?${asked}`, { headers: { authorization } });
	expect([answer.status, await answer.json()]).toMatchObject([
		400,
		{ type: "urn:varve:problem:malformed-query", parameter: "parameters", value: "[1]" },
	]);
});

type Table = { columns: string[]; rows: unknown[][]; cutBy?: string; detail: string };

async function sql(asked: object, accept = "application/json", signal?: AbortSignal) {
	const authorization = `Basic ${Buffer.from("admin:a password").toString("base64")}`;
	const answer = await fetch(`${servers.url}/admin/sql`, {
		method: "POST",
		headers: { authorization, accept, "content-type": "application/json" },
		body: JSON.stringify(asked),
		...(signal && { signal }),
	});
	return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

async function rows(statement: string, parameters: unknown[] = []): Promise<unknown[][]> {
	const { status, text } = await sql({ sql: statement, parameters });
	expect([status, text]).toEqual([200, expect.anything()]);
	return (JSON.parse(text) as Table).rows;
}

const refused = async (statement: string, more = {}) => {
	const { status, text } = await sql({ sql: statement, ...more });
	return [status, (JSON.parse(text) as Table).detail] as const;
};

describe("a question in SQL", () => {
	test("counts, sums and groups what the data hold", async () => {
		const statement = `SELECT stream, sum(data ->> '$.amount') FROM events
			WHERE stream LIKE 'order-%' GROUP BY stream ORDER BY stream`;
		expect(await rows(statement)).toEqual([
			["order-1", 6],
			["order-2", 40],
		]);
	});

	test("reads one stream, an index stream, and a part of it", async () => {
		const statement = "SELECT number, stream, version, type FROM events WHERE in_stream = ?";
		expect(await rows(statement, ["order-1"])).toEqual([
			[0, "order-1", 0, "Placed"],
			[1, "order-1", 1, "Paid"],
		]);
		expect(await rows(`${statement} AND from_number = 2`, ["$ce-order"])).toEqual([
			[2, "order-2", 0, "Placed"],
		]);
		expect(await rows(`${statement} AND to_number = 0`, ["$ce-order"])).toHaveLength(1);
		expect(await rows(statement, ["nowhere"])).toEqual([]);
	});

	test("sees what reads show: nothing of a deleted stream", async () => {
		expect(await rows("SELECT count(*) FROM events WHERE in_stream = 'old-1'")).toEqual([[0]]);
		const about =
			"SELECT name, last_version, is_deleted FROM streams WHERE category = ? OR name = ?";
		expect(await rows(about, ["old", "order-1"])).toEqual([
			["old-1", null, 1],
			["order-1", 1, 0],
		]);
	});

	test("has no hash of a password", async () => {
		const authorization = `Basic ${Buffer.from("admin:a password").toString("base64")}`;
		const user = { loginName: "ann", fullName: "Ann", groups: [], password: "another password" };
		const made = await fetch(`${servers.url}/users`, {
			method: "POST",
			headers: { authorization, "content-type": "application/json" },
			body: JSON.stringify(user),
		});
		expect(made.status).toBe(201);
		const about = "SELECT type, data, metadata FROM events WHERE in_stream = '$user-ann'";
		expect(await rows(about)).toEqual([["$UserCreated", null, null]]);
	});

	test("has categories and types with their counts", async () => {
		expect(await rows("SELECT * FROM categories WHERE name = 'order'")).toEqual([["order", 3]]);
		expect(await rows("SELECT * FROM types WHERE name = 'Paid'")).toEqual([["Paid", 1]]);
	});

	test("is answered as CSV and as lines, and numbers keep their digits", async () => {
		const asked = {
			sql: `SELECT 9007199254740993 AS n, 'a "b", c' AS t, x'00ff' AS b, NULL AS no`,
		};
		expect((await sql(asked, "text/csv")).text).toBe(
			'n,t,b,no\r\n9007199254740993,"a ""b"", c",AP8=,\r\n',
		);
		expect((await sql(asked, "application/x-ndjson")).text).toBe(
			'{"n":9007199254740993,"t":"a \\"b\\", c","b":{"base64":"AP8="},"no":null}\n',
		);
	});

	test("is cut at its limit of rows, and says so", async () => {
		const { headers, text } = await sql({ sql: "VALUES (1), (2), (3)", rowsMax: 2 });
		expect(JSON.parse(text)).toEqual({ columns: ["column1"], rows: [[1], [2]], cutBy: "rows" });
		expect(headers.get("varve-cut-by")).toBe("rows");
		expect(headers.get("cache-control")).toBe("no-store");
	});
});

describe("a question in SQL is refused", () => {
	test.each([
		["ATTACH DATABASE '/tmp/some.db' AS other", "it has to begin with SELECT, WITH or VALUES"],
		["PRAGMA journal_mode = off", "it has to begin with"],
		["/* SELECT */ VACUUM INTO '/tmp/copy.db'", "it has to begin with"],
		["-- a remark\nDROP TABLE events", "it has to begin with"],
		["WITH a AS (SELECT 1) DELETE FROM events", "table events may not be modified"],
		["SELECT 1; SELECT 2", "more than one statement"],
		["SELECT colour FROM events", "no such column: colour"],
		["SELECT ?", "too few parameter values"],
		["SELECT load_extension('x')", "not authorized"],
		["SELECT incarnation FROM store", "no such table: store"],
		// What a database of many users would have to be kept from.
		["SELECT pg_read_file('/etc/passwd')", "no such function: pg_read_file"],
		["SELECT pg_sleep(1000)", "no such function: pg_sleep"],
		["SELECT * FROM varve.signing", "no such table: varve.signing"],
		["SELECT * FROM pg_catalog.pg_authid", "no such table: pg_catalog.pg_authid"],
		["SELECT * FROM dblink('dbname=postgres', 'SELECT 1')", "no such table: dblink"],
		["COPY (SELECT 1) TO PROGRAM 'touch /tmp/owned'", "it has to begin with"],
		["SET ROLE postgres", "it has to begin with"],
		["WITH a AS (INSERT INTO events VALUES (1) RETURNING 1) SELECT 1", "syntax error"],
		["SELECT 1; COMMIT; DROP TABLE events", "more than one statement"],
		["SELECT readfile('/etc/passwd')", "no such function: readfile"],
		["", "it has to begin with"],
		["SELECT 1 LIMIT 'a'", "datatype mismatch"],
		["SELECT ?1", "a place for a value is written ?"],
		["SELECT 1 ORDER BY 1 COLLATE nope", "no such collation sequence"],
		[`SELECT 1 AS "${"x".repeat(2000)}"`, "the name of a column"],
	])("%s", async (statement, reason) => {
		const [status, detail] = await refused(statement);
		expect([status, detail]).toEqual([400, expect.stringContaining(reason)]);
	});

	test("if its parameters or limits are none", async () => {
		const shapes = [
			{ parameters: { a: 1 } },
			{ parameters: [true] },
			{ timeMs: 0 },
			{ timeMs: 1e9 },
			{ rowsMax: 1.5 },
			{ sql: 5 },
		];
		for (const more of shapes) expect((await refused("SELECT 1", more))[0]).toBe(400);
		expect((await refused(`SELECT '${"x".repeat(70_000)}'`))[0]).toBe(400);
	});

	test("from whoever is not an admin", async () => {
		const { status } = await fetch(`${servers.url}/admin/sql`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: '{"sql":"SELECT 1"}',
		});
		expect(status).toBe(401);
	});
});

const COUNTING = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)";

describe("a question in SQL that does not end by itself", () => {
	test("is ended at its limit of time", async () => {
		const [status, detail] = await refused(`${COUNTING} SELECT sum(x) FROM c`, { timeMs: 500 });
		expect([status, detail]).toEqual([422, expect.stringContaining("500 ms")]);
	});

	test("is ended at its limit of memory, and the server goes on", async () => {
		const [status, detail] = await refused("SELECT zeroblob(900000000)", { timeMs: 60_000 });
		expect([status, detail]).toEqual([422, expect.stringContaining("more than 268435456 bytes")]);
		expect(await rows("SELECT 1")).toEqual([[1]]);
	});

	test("keeps others out only while it runs", async () => {
		const asker = new AbortController();
		const slow = () => sql({ sql: `${COUNTING} SELECT sum(x) FROM c` }, undefined, asker.signal);
		const both = Promise.allSettled([slow(), slow()]);
		const isAnswered = async () => (await sql({ sql: "SELECT 1" })).status;
		await until(async () => (await isAnswered()) === 503);
		asker.abort();
		expect(await both).toMatchObject([{ status: "rejected" }, { status: "rejected" }]);
		await until(async () => (await isAnswered()) === 200);
	});
});
