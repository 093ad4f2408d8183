/**
 * docs/recipes.md: the readers that stand there follow a real server, through a relay that fails as
 * proxies do. All of them at once, so that they wait for each other's pauses together. One whose
 * language is not on the machine is skipped, and named.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { append, appendEvents, deleteStream } from "../../feeds/client/index.ts";
import {
	newDirectory,
	removeDirectories,
	type Server,
	startServer,
	until,
	varve,
} from "../cli/varve.ts";
import { ROOT } from "../structure/source.ts";
import { type Relay, startRelay } from "./relay.ts";

/** Where a page of the bulk size ends, and some more: they reach the head by both kinds of link. */
const ORDERS_AT_FIRST = 262;

const page = readFileSync(join(ROOT, "docs/recipes.md"), "utf8");
const folder = newDirectory();

const READERS = [
	{ name: "follow.sh", needs: ["bash", "curl", "jq"], command: ["bash", "follow.sh"] },
	{ name: "follow.py", needs: ["python3"], command: ["python3", "follow.py"] },
	{ name: "follow.go", needs: ["go"], command: ["./follow"] },
];
const present = READERS.filter(({ needs }) => needs.every(isInstalled));

let server: Server;
let relay: Relay;
let orders = 0;
const running: Reader[] = [];

beforeAll(async () => {
	for (const { name } of present) writeFileSync(join(folder, name), programOf(name));
	if (present.some(({ name }) => name === "follow.go")) {
		const built = spawnSync("go", ["build", "follow.go"], { cwd: folder, encoding: "utf8" });
		expect([built.status, built.stderr]).toEqual([0, ""]);
	}
	server = await startServer();
	relay = await startRelay(server.url);
	running.push(...present.map((reader) => start(reader, "$ce-order")));
}, 300_000);

afterAll(async () => {
	await Promise.all(running.map((reader) => reader.kill()));
	await relay?.close();
	await server?.stop();
	removeDirectories();
});

for (const { name, needs } of READERS.filter((reader) => !present.includes(reader))) {
	test.skip(`${name}: this machine lacks one of ${needs.join(", ")}`, () => undefined);
}

test("each waits for a stream that is not there yet, and hands out every event of it in order", async () => {
	await until(() => running.every(({ told }) => told().length > 0), "a first answer");
	await place(ORDERS_AT_FIRST);
	await haveAll();
});

test("the commands that look at a stream once do what the text says", () => {
	const [once = ""] = [...page.matchAll(/^```sh run\n([\s\S]*?)^```$/gm)].map(
		([, block]) => block ?? "",
	);
	const printed = once.split("\n").map((command) => {
		const script = command.replaceAll("http://127.0.0.1:2113", server.url);
		return spawnSync("bash", ["-euc", script], { encoding: "utf8" }).stdout.split("\n").length - 1;
	});
	// Two events of each order; the second command starts behind the first two.
	expect(printed.slice(0, 2)).toEqual([2 * orders, 2 * orders - 2]);
});

test("a 404 that a proxy says, half a page, and a page of apologies cost no event", async () => {
	for (const failure of ["not-found", "half", "apology"] as const) {
		relay.failNext(failure);
		await place(1);
		await haveAll();
	}
});

test("one that was killed goes on where it was", async () => {
	await Promise.all(running.map((reader) => reader.kill()));
	await place(12);
	const again = running.splice(0).map(({ reader }) => start(reader, "$ce-order"));
	running.push(...again);
	await haveAll();
});

test("a server that was started again is found again", async () => {
	await server.stop();
	server = await startServer(server.data);
	relay.target = server.url;
	await place(30);
	await haveAll();
});

test("one does not take the events of a restored store for those it knows", async () => {
	await server.stop();
	expect((await varve(["incarnation", "--raise", "--data", server.data])).code).toBe(0);
	server = await startServer(server.data);
	relay.target = server.url;
	// Ends what the server holds for up to 20 seconds.
	await place(1);
	for (const reader of running) {
		const { code, stderr } = await reader.finished;
		expect([reader.name, code, stderr]).toEqual([
			reader.name,
			1,
			expect.stringContaining("the history was replaced"),
		]);
	}
});

test("one ends where its stream was deleted for ever, and says so", async () => {
	await deleteStream({ url: server.url, stream: "order-1" }, { forEver: true });
	for (const reader of present.map((one) => start(one, "order-1", "deleted"))) {
		const { code, stderr } = await reader.finished;
		expect([reader.name, code, stderr]).toEqual([reader.name, 1, expect.stringMatching(/deleted/)]);
	}
});

test("one reads $all from its first event, past what was erased and what is no JSON", async () => {
	await post("erased-1", "{}", true);
	const erased = await fetch(`${server.url}/streams/erased-1/0/data`, { method: "DELETE" });
	expect(erased.status).toBe(204);
	await post("scan-1", "\x00", false);
	// A reader that has this order has passed those.
	await place(1);
	const all = present.map((one) => start(one, "$all", "all"));
	await until(() => all.every((reader) => reader.orders().length === orders), "all orders");
	await Promise.all(all.map((reader) => reader.kill()));
});

type Reader = {
	readonly name: string;
	readonly reader: (typeof READERS)[number];
	/** The orders it has, each with what was paid of it, in the order in which they were placed. */
	orders(): string[];
	/** What it said of its troubles. */
	told(): string;
	readonly finished: Promise<{ code: number | null; stderr: string }>;
	kill(): Promise<unknown>;
};

function start(reader: (typeof READERS)[number], stream: string, run = "first"): Reader {
	const state = join(folder, `${reader.name}.${run}`);
	const [program = "", ...args] = reader.command;
	const child = spawn(program, [...args, relay.url, stream, state], {
		cwd: folder,
		// A shell's children end with it only as a group.
		detached: true,
	});
	const output = `${state}.out`;
	let printed = existsSync(output) ? readFileSync(output, "utf8") : "";
	let told = "";
	child.stdout.setEncoding("utf8").on("data", (text: string) => {
		printed += text;
		writeFileSync(output, printed);
	});
	child.stderr.setEncoding("utf8").on("data", (text: string) => {
		told += text;
	});
	const finished = once(child, "close").then(([code]) => ({ code, stderr: told }));
	return {
		name: reader.name,
		reader,
		orders: () => (reader.name === "follow.py" ? ordersIn(state) : ordersOf(printed)),
		told: () => told,
		finished,
		kill: () => kill(child, finished),
	};
}

async function kill(child: ChildProcess, finished: Promise<unknown>): Promise<void> {
	if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
	await finished;
}

/** From the read model. */
function ordersIn(file: string): string[] {
	if (!existsSync(file)) return [];
	const db = new Database(file, { readonly: true });
	try {
		const rows = db.prepare("SELECT name, cents, paid FROM orders ORDER BY rowid").all();
		return (rows as { name: string; cents: number; paid: number }[])
			.filter(({ cents, paid }) => cents === paid)
			.map(({ name, paid }) => `${name} ${paid}`);
	} catch {
		// The program is about to make its tables.
		return [];
	} finally {
		db.close();
	}
}

/**
 * From lines, of which those of the last page may be there twice after a crash. What follows the
 * last end of a line is still being written.
 */
function ordersOf(lines: string): string[] {
	const whole = lines.split("\n").slice(0, -1);
	const events = new Set(whole.filter((line) => line.endsWith("}")));
	const known = [...events].map(
		(line) => JSON.parse(line) as { streamId: string; eventType: string; data: string },
	);
	return known
		.filter(({ eventType }) => eventType === "OrderPaid")
		.map(({ streamId, data }) => `${streamId} ${JSON.parse(data).cents}`);
}

/** Each order in a stream of its own, two events at a time. */
async function place(count: number): Promise<void> {
	for (let placed = 0; placed < count; placed++) {
		orders++;
		const events = ["OrderPlaced", "OrderPaid"].map((type) => ({ type, data: { cents: orders } }));
		await appendEvents({ url: server.url, stream: `order-${orders}` }, events);
	}
}

async function post(stream: string, data: string, isJson: boolean): Promise<void> {
	const event = { type: "OrderPlaced", data: Buffer.from(data), isJson };
	await append({ url: server.url, stream }, event);
}

async function haveAll(): Promise<void> {
	await until(
		() => running.every((reader) => reader.orders().length >= orders),
		`${orders} orders in each reader`,
	);
	const expected = Array.from({ length: orders }, (_, index) => `order-${index + 1} ${index + 1}`);
	for (const reader of running) {
		expect([reader.name, reader.orders()]).toEqual([reader.name, expected]);
	}
}

function programOf(name: string): string {
	const [, program] =
		new RegExp(`^\`\`\`\\w+ ${name}\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(page) ?? [];
	if (program === undefined) throw new Error(`docs/recipes.md has no ${name}`);
	return program;
}

function isInstalled(program: string): boolean {
	return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}
