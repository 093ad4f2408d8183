import { execFileSync } from "node:child_process";
import { newDirectory, removeDirectories, startServer, varve } from "./varve.ts";

afterAll(removeDirectories);

describe("varve serve", () => {
	test("prints lines that append and read an event when pasted, and exits 0 on SIGTERM", async () => {
		const server = await startServer();
		const curls = server.greeting.split("\n").filter((line) => line.startsWith("  curl"));
		const [added, read] = curls.map((line) =>
			execFileSync("sh", ["-c", line], { stdio: ["ignore", "pipe", "ignore"] }).toString(),
		);
		expect(added).toContain("HTTP/1.1 201");
		expect(read).toContain('{\\"hello\\":\\"world\\"}');
		expect(server.greeting).toContain(server.data);
		expect(server.greeting).not.toContain("-u admin");
		expect((await server.stop("SIGTERM")).code).toBe(0);
	});

	test("exits 0 on SIGINT", async () => {
		const server = await startServer();
		expect((await server.stop("SIGINT")).code).toBe(0);
	});

	test("refuses a directory that is in use and a port that is taken, in one line each", async () => {
		const server = await startServer();
		const { port } = new URL(server.url);
		const inUse = await varve(["serve", "--port", "0", "--data", server.data]);
		expect(inUse).toMatchObject({ code: 1, stdout: "" });
		expect(inUse.stderr).toMatch(
			/^.* starting .*\n.* ERROR not started: \S+ is in use by another.*\n$/,
		);
		const taken = await varve(["serve", "--port", port, "--data", newDirectory()]);
		expect(taken).toMatchObject({ code: 1, stdout: "" });
		expect(taken.stderr).toMatch(
			/^.* starting .*\n.* INFO .*\n.* ERROR not started: 127.0.0.1:\d+ is taken by another.*\n$/,
		);
		await server.stop();
	});

	test("asks everyone for credentials on an address that others reach", async () => {
		const server = await startServer(undefined, undefined, ["--host", "0.0.0.0"]);
		const url = server.url.replace("0.0.0.0", "127.0.0.1");
		expect((await fetch(`${url}/ping`)).status).toBe(200);
		expect((await fetch(`${url}/streams/s`)).status).toBe(401);
		expect(server.greeting.match(/^ {2}curl .*-u admin \S+\/streams\/greetings/gm)).toHaveLength(2);
		await server.stop();
	});
});

describe("varve verify", () => {
	test("counts what is there", async () => {
		const server = await startServer();
		await varve(["append", "a", "--type", "T", "--url", server.url]);
		await server.stop();
		const { code, stdout } = await varve(["verify", "--data", server.data]);
		expect({ code, stdout }).toEqual({ code: 0, stdout: "ok: 1 events in 1 streams\n" });
	});

	test("refuses a directory without a log", async () => {
		const { code, stderr } = await varve(["verify", "--data", newDirectory()]);
		expect(code).toBe(1);
		expect(stderr).toContain("it holds no log");
	});
});
