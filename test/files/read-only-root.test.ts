/** A container with a read-only root: nothing but the data directory takes a file. */
import { randomInt } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { newDirectory, removeDirectories } from "../cli/varve.ts";
import { ask, batch, get } from "../http/ask.ts";
import { until } from "../http/harness.ts";
import { canMount, onReadOnlyRoot } from "./namespace.ts";

const describeMounted = canMount() ? describe : describe.skip;

/** More than a scavenge can undo within the memory that SQLite takes for it by itself. */
const EVENTS = 4000;

afterAll(removeDirectories);

describeMounted("where nothing but the data directory takes a file", () => {
	const outside = newDirectory();
	const varve = async (...args: string[]) => {
		const { code, stdout, stderr } = await onReadOnlyRoot(outside, args).finished;
		expect({ args, code, stderr }).toMatchObject({ code: 0 });
		return stdout;
	};

	test("a server appends, scavenges and is backed up, and every verb on files works", async () => {
		const port = randomInt(11_000, 31_000);
		const url = `http://127.0.0.1:${port}`;
		const server = onReadOnlyRoot(outside, ["serve", "--data", "/mnt/data", "--port", `${port}`]);
		const isReady = () => ask(port, get("/health/ready")).catch(() => undefined);
		await until(async () => (await isReady())?.status === 204);
		const events = Array.from({ length: EVENTS }, (_, number) => ({
			eventId: crypto.randomUUID(),
			eventType: "Counted",
			data: { number, text: "x".repeat(200) },
		}));
		expect((await ask(port, batch("order-1", events))).status).toBe(201);
		const metadata = [
			{ eventId: crypto.randomUUID(), eventType: "$metadata", data: { $maxCount: 5 } },
		];
		expect((await ask(port, batch("$$order-1", metadata))).status).toBe(201);

		const password = readFileSync(join(outside, "data", "admin-password"), "utf8").trim();
		const admin = ["--user", `admin:${password}`];
		expect(await varve("scavenge", "--url", url, ...admin)).toContain("success");
		expect(await varve("backup", "/mnt/backup", "--data", "/mnt/data")).toContain("verified");
		expect((await ask(port, batch("order-2", events))).status).toBe(201);
		expect(await varve("backup", "/mnt/backup", "--data", "/mnt/data")).toContain("verified");
		expect(await varve("verify", "--data", "/mnt/data")).toMatch(/^ok: /);
		server.child.kill("SIGTERM");
		const stopped = await server.finished;
		expect(stopped).toMatchObject({ code: 0 });
		expect(stopped.stderr).not.toMatch(/ (?:WARN|ERROR) /);

		expect(await varve("verify", "--data", "/mnt/data")).toMatch(/^ok: /);
		expect(await varve("prove", "7", "--data", "/mnt/data")).toMatch(/tlog-proof/);
		expect(await varve("restore", "/mnt/backup", "--data", "/mnt/restored")).toContain("verified");
		expect(await varve("incarnation", "--raise", "--data", "/mnt/data")).toBe("2\n");
		const left = readdirSync(join(outside, "data")).filter(
			(name) => !/^(log\.|lock|inc|(?:upkeep|admin-password|session-key)$)/.test(name),
		);
		expect(left).toEqual([]);
	});
});
