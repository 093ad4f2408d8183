/** `varve sql`: of a server and of a data directory, as a table, lines and CSV. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { removeDirectories, type Server, startServer, varve } from "./varve.ts";

let server: Server;
let env: Record<string, string>;

beforeAll(async () => {
	server = await startServer();
	const password = readFileSync(join(server.data, "admin-password"), "utf8").trim();
	env = { VARVE_URL: server.url, VARVE_USER: `admin:${password}` };
	for (const data of ['{"amount":3,"big":12345678901234567}', '{"amount":40}']) {
		await fetch(`${server.url}/streams/order-1`, {
			method: "POST",
			headers: { "Content-Type": "application/json", "ES-EventType": "Placed" },
			body: data,
			redirect: "follow",
		});
	}
});
afterAll(async () => {
	await server.stop();
	removeDirectories();
});

const AMOUNTS = `SELECT version, data ->> '$.amount' AS amount, data ->> '$.big' AS big
	FROM events WHERE in_stream = ?`;

describe("varve sql", () => {
	test("prints an object a row in a pipe, with all digits of a number", async () => {
		const asked = await varve(["sql", AMOUNTS, '["order-1"]'], env);
		const rows = ['{"version":0,"amount":3,"big":12345678901234567}'];
		rows.push('{"version":1,"amount":40,"big":null}');
		expect(asked).toEqual({ code: 0, stdout: `${rows.join("\n")}\n`, stderr: "" });
	});

	test("prints a table, cuts it where asked, and says so", async () => {
		const asked = ["sql", AMOUNTS, '["order-1"]', "--format", "table", "--rows", "1"];
		const { code, stdout, stderr } = await varve(asked, env);
		expect(stdout).toBe(
			"version  amount                big\n-------  ------  -----------------\n" +
				"      0       3  12345678901234567\n",
		);
		expect([code, stderr]).toEqual([0, "cut behind 1 rows: there are more rows\n"]);
	});

	test("asks a data directory beside its server", async () => {
		const count = "SELECT count(*) AS events FROM events WHERE in_stream = 'order-1'";
		const asked = await varve(["sql", count, "--directory", server.data, "--format", "csv"]);
		expect(asked).toEqual({ code: 0, stdout: "events\r\n2\r\n", stderr: "" });
	});

	test.each([
		[["sql"], 2, "STATEMENT is missing"],
		[["sql", "SELECT 1", "order-1"], 2, "PARAMETERS is no list in JSON"],
		[["sql", "SELECT 1", "--format", "xml"], 2, "--format takes"],
		[["sql", "DROP TABLE events"], 1, "it has to begin with SELECT, WITH or VALUES"],
	])("%j is refused", async (args, code, reason) => {
		const asked = await varve(args, env);
		expect(asked).toEqual({ code, stdout: "", stderr: expect.stringContaining(reason) });
	});

	test("says what is not there", async () => {
		const onServer = await varve(["sql", "SELECT * FROM orders"], env);
		const here = await varve(["sql", "SELECT * FROM orders", "--directory", server.data]);
		const reason = expect.stringContaining("no such table: orders");
		expect(onServer).toEqual({ code: 1, stdout: "", stderr: reason });
		expect(here).toEqual({ code: 1, stdout: "", stderr: reason });
		const nowhere = await varve(["sql", "SELECT 1", "--directory", join(server.data, "none")]);
		expect([nowhere.code, nowhere.stdout]).toEqual([1, ""]);
	});
});
