/** The operator log of a server, as a program reads it. */
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { event } from "../../faults/store.ts";
import { ask, batch, get } from "../../http/ask.ts";
import { newDirectory, removeDirectories, startServer, varve } from "../varve.ts";

afterAll(removeDirectories);

type Line = { readonly [name: string]: unknown; readonly msg: string };

/** Fails if a line is not JSON, or has no time or level. */
function linesOf(stderr: string): Line[] {
	expect(stderr.endsWith("\n")).toBe(true);
	return stderr
		.slice(0, -1)
		.split("\n")
		.map((text) => {
			const line = JSON.parse(text) as Line;
			expect(line.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
			expect(["error", "warn", "info"]).toContain(line.level);
			return line;
		});
}

/** Sends bytes as they are, and resolves when the server has closed the connection. */
function send(port: number, bytes: string): Promise<void> {
	return new Promise((resolve) => {
		const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
		socket
			.resume()
			.on("close", resolve)
			.on("error", () => undefined);
		socket.on("end", () => socket.end());
	});
}

test("tells of start, requests, scavenges and stop, one line each, and shows no secret", async () => {
	const secret = ["--purge-url", "http://user:s3cret@127.0.0.1:1", "--sealed-max-age", "60"];
	const options = ["--log-format", "json", "--log-requests", ...secret];
	const server = await startServer(undefined, undefined, options);
	const port = Number(new URL(server.url).port);
	const id = { "X-Request-Id": "abc-1" };
	await ask(port, batch("a", [event()], id));
	await ask(port, get("/streams/a/0/forward/20"));
	await ask(port, {
		path: "/no/such%0Aroute?x=%1b%5B31m",
		headers: { "X-Request-Id": "\u0085 <" },
	});
	await ask(port, { path: "/streams/a", method: "HEAD" });
	await send(port, "NONSENSE \u001b[31m\r\n\r\n");
	expect((await varve(["scavenge", "--url", server.url])).code).toBe(0);
	const { code, stderr, stdout } = await server.stop();
	expect([code, stderr.includes("s3cret"), stdout.includes("curl -i -L")]).toEqual([
		0,
		false,
		true,
	]);

	const lines = linesOf(stderr);
	expect(lines[0]).toMatchObject({
		msg: "starting",
		version: expect.any(String),
		data: server.data,
		settings: {
			"log-format": "json",
			"log-requests": true,
			"sealed-max-age": 60,
			"purge-url": "http://127.0.0.1:1",
		},
	});
	const started = lines.slice(1, 3).map(({ msg, url }) => [msg, url]);
	expect(started).toEqual([
		["made a password for the user admin", undefined],
		["listening", server.url],
	]);
	const requests = lines.filter(({ msg }) => msg === "request");
	const [append, page, none, head, unreadable] = requests;
	const counted = { ms: expect.any(Number), bytes: expect.any(Number) };
	expect(append).toMatchObject({
		...counted,
		method: "POST",
		path: "/streams/a",
		status: 201,
		requestId: "abc-1",
	});
	expect(page).toMatchObject({ ...counted, path: "/streams/a/0/forward/20", status: 200 });
	expect(none).toMatchObject({ path: "/no/such%0Aroute?x=%1b%5B31m", status: 404 });
	expect(head).toMatchObject({ method: "HEAD", status: 200 });
	expect(unreadable).toMatchObject({ status: 400, unreadable: true });
	const own = [page, none, head].map((line) => String(line?.requestId));
	for (const one of own) expect(one).toMatch(/^[\da-z]+-\d+$/);
	expect(new Set(own).size).toBe(3);

	const told = (msg: string) => lines.filter((line) => line.msg === msg);
	const [begun] = told("scavenge started");
	expect(told("scavenge ended")).toMatchObject([
		{ scavengeId: begun?.scavengeId, result: "Success", eventsErased: 0 },
	]);
	expect(lines.slice(-2)).toMatchObject([
		{ msg: "stopping", reason: "SIGTERM" },
		{ msg: "stopped", reason: "SIGTERM" },
	]);
});

test("counts the bytes of each answer on a connection by themselves", async () => {
	const server = await startServer(undefined, undefined, ["--log-format=json", "--log-requests"]);
	const port = Number(new URL(server.url).port);
	const one = "GET /ping HTTP/1.1\r\nHost: a\r\n";
	await send(port, `${one}\r\n${one}\r\n${one}Connection: close\r\n\r\n`);
	const requests = linesOf((await server.stop()).stderr).filter(({ msg }) => msg === "request");
	const [first, second] = requests.map(({ bytes }) => Number(bytes));
	expect(requests).toHaveLength(3);
	expect(first).toBe(second);
});

test("says nothing of requests unless that is asked for, and keeps to its level", async () => {
	const server = await startServer(undefined, undefined, [
		"--log-level",
		"error",
		"--log-requests",
	]);
	await ask(Number(new URL(server.url).port), get("/ping"));
	expect((await server.stop()).stderr).toBe("");
	const quiet = await startServer();
	await ask(Number(new URL(quiet.url).port), get("/ping"));
	expect(
		(await quiet.stop()).stderr.split("\n").filter((line) => line.includes("request")),
	).toEqual([]);
});

test("has a refusal to start, also of a wrong command line, in its form", async () => {
	const server = await startServer();
	const json = ["serve", "--port", "0", "--log-format", "json", "--data"];
	const inUse = await varve([...json, server.data]);
	const last = linesOf(inUse.stderr).at(-1);
	expect([inUse.code, last?.level]).toEqual([1, "error"]);
	expect(last?.msg).toMatch(/^not started: .* is in use by another varve process/);
	await server.stop();
	const wrong = await varve([...json, newDirectory(), "--prot", "1"]);
	expect([wrong.code, linesOf(wrong.stderr)]).toEqual([
		2,
		[expect.objectContaining({ msg: "not started: unknown --prot; did you mean --port?" })],
	]);
	const env = { VARVE_LOG_FORMAT: "json", VARVE_PRT: "1" };
	const variable = await varve(["serve"], env);
	expect([variable.code, linesOf(variable.stderr)[0]?.msg]).toEqual([
		2,
		expect.stringContaining("VARVE_PORT"),
	]);
	const file = join(newDirectory(), "varve.json");
	writeFileSync(file, '{ "log-format": "json", "prot": 1 }');
	const inFile = await varve(["serve", "--config", file]);
	expect([inFile.code, linesOf(inFile.stderr)[0]?.msg]).toEqual([
		2,
		`not started: unknown "prot" in ${file}; did you mean "port"?`,
	]);
});
