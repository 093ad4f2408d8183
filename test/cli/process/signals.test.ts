/** Signals: before the server listens, to process 1, while requests run, and twice. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { event } from "../../faults/store.ts";
import { ask, batch, get } from "../../http/ask.ts";
import { newDirectory, removeDirectories, start, startServer, until } from "../varve.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

afterAll(removeDirectories);

/** Loaded before the program: sends the signal as soon as somebody listens to it. */
const EARLY_SIGNAL = `
	process.on("newListener", function early(name) {
		if (name !== "SIGTERM") return;
		process.off("newListener", early);
		queueMicrotask(() => process.kill(process.pid, "SIGTERM"));
	});`;

describe("a signal before the verb has begun", () => {
	const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(EARLY_SIGNAL)}` };

	test("keeps the server from starting, and is an orderly stop", async () => {
		const data = join(newDirectory(), "data");
		const { code, stdout, stderr } = await start(["serve", "--port", "0", "--data", data], env)
			.finished;
		expect([code, stdout]).toEqual([0, ""]);
		expect(stderr).toMatch(/ INFO {2}stopped.* reason=SIGTERM\n$/);
	});

	test("ends a verb that cannot be stopped, as if nobody had listened", async () => {
		const { code, child } = await finish(start(["verify", "--data", newDirectory()], env));
		expect([code, child.signalCode]).toEqual([128 + 15, null]);
	});
});

async function finish(started: ReturnType<typeof start>) {
	return { ...(await started.finished), child: started.child };
}

test("a signal while the log is opened stops the server in order", async () => {
	const server = start(["serve", "--port", "0", "--data", newDirectory()]);
	let stderr = "";
	server.child.stderr?.on("data", (text) => {
		stderr += text;
	});
	await until(() => stderr.includes(" starting "), "the first line");
	server.child.kill("SIGTERM");
	expect((await server.finished).code).toBe(0);
});

// Process 1 of a new namespace, to which signals without a listener do not get.
const isolated = (args: string[]) => ["--pid", "--fork", "--kill-child", process.execPath, ...args];
const can = spawnSync("unshare", isolated(["-e", "0"])).status === 0;
if (!can) console.warn("SKIPPED: process 1, this process may not make a namespace");
const withNamespace = can ? describe : describe.skip;

withNamespace("process 1 of a container", () => {
	test("is stopped in order, before and after it listens", async () => {
		for (const line of [" starting ", " listening "]) {
			const args = ["bin/varve", "serve", "--port", "0", "--data", newDirectory()];
			const outer = spawn("unshare", isolated(args), { cwd: ROOT });
			let stderr = "";
			outer.stderr.on("data", (text) => {
				stderr += text;
			});
			outer.stdout.resume();
			await until(() => stderr.includes(line), `the line${line}`);
			process.kill(childOf(outer), "SIGTERM");
			expect(await once(outer, "exit")).toEqual([0, null]);
			expect(stderr).toMatch(/ stopped reason=SIGTERM\n$/);
		}
	});
});

/** The process that `outer` has started, by its number here. */
function childOf({ pid }: ChildProcess): number {
	const [task = ""] = readdirSync(`/proc/${pid}/task`);
	return Number(readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").trim());
}

test("npm start hands the server its signals", async () => {
	const args = ["start", "--", "--port", "0", "--data", newDirectory()];
	const npm = spawn("npm", args, { cwd: ROOT });
	let stdout = "";
	let stderr = "";
	npm.stdout.on("data", (text) => {
		stdout += text;
	});
	npm.stderr.on("data", (text) => {
		stderr += text;
	});
	await until(() => stdout.includes("The data is in"), "the server");
	npm.kill("SIGTERM");
	// The server has its standard error, too: it closes when both have ended.
	await once(npm, "close");
	expect(stderr).toMatch(/ stopped reason=SIGTERM\n/);
});

/** An append that the server waits for: the end of its body is still to come. */
async function heldAppend(url: string) {
	const { hostname: host, port } = new URL(url);
	const headers = {
		"Content-Type": "application/vnd.eventstore.events+json",
		"Transfer-Encoding": "chunked",
		Expect: "100-continue",
	};
	const held = request({ host, port, method: "POST", path: "/streams/s", headers });
	held.on("error", () => undefined);
	held.flushHeaders();
	await once(held, "continue");
	return held;
}

test("a copy of a signal, such as npm start makes of Ctrl-C, cuts no request", async () => {
	const server = await startServer();
	const held = await heldAppend(server.url);
	process.kill(server.pid, "SIGINT");
	const stopped = server.stop("SIGINT");
	await until(() => server.stderr().includes(" stopping "), "the stop");
	held.end(JSON.stringify([event()]));
	const [answer] = await once(held, "response");
	answer.resume();
	expect(answer.statusCode).toBe(201);
	expect((await stopped).code).toBe(0);
});

test("a second signal ends the process at once, and the log says so", async () => {
	const server = await startServer();
	await heldAppend(server.url);
	void server.stop("SIGTERM");
	await until(() => server.stderr().includes(" stopping "), "the stop");
	const { code, stderr } = await server.stop("SIGINT");
	expect(code).toBe(128 + 2);
	expect(stderr).toMatch(/ WARN {2}stopped at once: a second signal came reason=SIGINT\n$/);
});

test("SIGHUP takes new settings from the file, and cuts no request", async () => {
	const file = join(newDirectory(), "varve.json");
	writeFileSync(file, '{ "cors-origin": "none" }');
	const server = await startServer(undefined, undefined, ["--config", file]);
	const port = Number(new URL(server.url).port);
	const told = (text: string) => until(() => server.stderr().includes(text), text);
	await ask(port, batch("s", [event()]));
	const waiting = ask(port, get("/streams/s/1/forward/20", undefined, { "ES-LongPoll": "30" }));

	const hup = (text: string) => {
		writeFileSync(file, text);
		process.kill(server.pid, "SIGHUP");
	};
	hup('{ "log-requests": true, "disk-free-min": "1TiB", "cors-origin": "*" }');
	await told('the settings are not reloaded: "disk-free-min" in');
	expect((await ask(port, batch("s", [event()]))).status).toBe(201);
	expect((await waiting).status).toBe(200);
	expect(server.stderr()).not.toContain(" request ");

	hup('{ "log-requests": true, "disk-free-min": "1024GiB", "cors-origin": "*" }');
	await told('settings reloaded changed={"log-requests":true,"disk-free-min":1099511627776}');
	await told('some new settings count from the next start on waiting=["cors-origin"]');
	await told("the disk is low");
	expect((await ask(port, batch("s", [event()]))).status).toBe(507);
	await told(" request method=POST path=/streams/s status=507");

	// The server has kept its first value, so nothing waits.
	const waits = server.stderr().split("count from the next start").length;
	hup('{ "log-requests": false, "disk-free-min": "1024GiB", "cors-origin": "none" }');
	await told('settings reloaded changed={"log-requests":false}');
	expect(server.stderr().split("count from the next start").length).toBe(waits);

	hup('{ "log-level": "error" }');
	await until(() => server.stderr().includes("the disk is low"), "the level");
	const { code } = await server.stop();
	expect(code).toBe(0);
});
