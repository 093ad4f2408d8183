/** docs/tutorial.md: its blocks are pasted into one shell, from top to bottom. */
import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { newDirectory, removeDirectories } from "../cli/varve.ts";
import { ROOT } from "../structure/source.ts";

const page = readFileSync(join(ROOT, "docs/tutorial.md"), "utf8");
const blocks = [...page.matchAll(/^```sh run\n([\s\S]*?)^```$/gm)].map(([, block]) => block ?? "");
/** Between the outputs of two blocks. */
const NEXT = "-- the next block --";

let outputs: string[];

beforeAll(() => {
	// As in test/cli: none that the system gives away by itself.
	const port = String(randomInt(11_000, 31_000));
	const shop = join(newDirectory(), "shop");
	const script = blocks
		.join(`echo '${NEXT}'\n`)
		.replaceAll("http://127.0.0.1:2113", `http://127.0.0.1:${port}`)
		.replaceAll("/tmp/varve-shop", shop);
	const env = {
		PATH: process.env.PATH,
		HOME: process.env.HOME,
		VARVE: ROOT,
		VARVE_PORT: port,
		VARVE_URL: `http://127.0.0.1:${port}`,
	};
	const done = spawnSync("bash", ["-eu"], {
		input: `trap 'kill -9 \${varve:-} 2> /dev/null || true' EXIT\n${script}`,
		env,
		encoding: "utf8",
	});
	expect([done.status, done.status === 0 ? "" : done.stdout + done.stderr]).toEqual([0, ""]);
	outputs = done.stdout.split(`${NEXT}\n`);
}, 120_000);

afterAll(removeDirectories);

test("an order is taken once, however often it is said", () => {
	const [, , placed = "", repeated = "", category = ""] = outputs;
	expect(versionsIn(placed)).toEqual([0, 1, 0, 0, 1]);
	// The answer to the repeat, then the two events of the stream.
	expect(versionsIn(repeated)).toEqual([0, 0, 1]);
	expect(versionsIn(category)).toEqual([0, 1, 0, 0, 1]);
});

test("a full page of the list may be kept for ever", () => {
	expect(outputs[5]).toContain("Cache-Control: max-age=31536000, public, immutable");
});

test("the read model shows how things are, and goes on where it was", () => {
	const [, , , , , , , first = "", second = ""] = outputs;
	expect(first).toContain("going on at 0\n");
	expect(rowsIn(first)).toEqual([
		["order-1", "ada", "0", "paid"],
		["order-2", "ben", "400", "open"],
		["order-3", "ada", "0", "cancelled"],
	]);
	expect(second).toContain("going on at 5\n");
	expect(rowsIn(second)).toContainEqual(["order-2", "ben", "0", "paid"]);
});

test("a rebuild answers what nobody had asked before", () => {
	const [, , , , , , , , , byCustomer = "", byOrder = ""] = outputs;
	expect(rowsIn(byCustomer)).toEqual([
		["ada", "2", "1250"],
		["ben", "1", "400"],
	]);
	expect(rowsIn(byOrder)).toEqual([
		["order-1", "ada", "1250"],
		["order-2", "ben", "400"],
		["order-3", "ada", "0"],
	]);
});

test("of two that saw the same version one wins, and the other decides anew", () => {
	const [race = "", anew = ""] = outputs.slice(11);
	expect(race.match(/^HTTP.*(?=\r$)/gm)).toEqual([
		"HTTP/1.1 201 Created",
		"HTTP/1.1 400 Wrong expected EventNumber",
	]);
	expect(race).toContain('"current":2');
	expect(versionsIn(anew)).toEqual([0, 1, 2, 3]);
});

test("a reader that was killed between an event and its checkpoint counts it once", () => {
	const [crash = ""] = outputs.slice(13);
	expect(crash).toMatch(/it died\ngoing on at 10\n/);
	expect(rowsIn(crash)).toContainEqual(["order-4", "eve", "900"]);
});

test("what the server acknowledged before it was killed is there", () => {
	const [, restarted = "", model = ""] = outputs.slice(14);
	const [acknowledged = 0, stored = 0] = (restarted.match(/\d+(?=,|\n$)/g) ?? []).map(Number);
	expect(acknowledged).toBeGreaterThan(0);
	expect([acknowledged, acknowledged + 1]).toContain(stored);
	expect(rowsIn(model)).toContainEqual(["order-4", "eve", "900"]);
});

function versionsIn(lines: string): number[] {
	return [...lines.matchAll(/"version":(\d+)/g)].map(([, version]) => Number(version));
}

/** The cells of a table that `console.table` drew, without its head. */
function rowsIn(output: string): string[][] {
	const rows = output.split("\n").filter((line) => line.startsWith("│"));
	return rows.slice(1).map((row) =>
		row
			.split("│")
			.slice(1, -1)
			.map((cell) => cell.trim().replaceAll("'", "")),
	);
}
