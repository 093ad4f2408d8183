import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { pump } from "../../../src/http/answering/pump.ts";
import { Connections } from "../../../src/http/sockets/connections.ts";
import { until } from "../harness.ts";

const CHUNK = Buffer.alloc(64 * 1024);
const CHUNKS = 10_000;
const LIMITS = { stalledMs: 60_000, incomingBytesMax: 2 ** 20, outgoingBytesMax: 2 ** 20 };

type Made = { count: number; ended: boolean };

async function* chunksOf(made: Made): AsyncGenerator<Uint8Array> {
	try {
		while (made.count < CHUNKS) {
			made.count++;
			yield CHUNK;
		}
	} finally {
		made.ended = true;
	}
}

test("a reader that does not read has next to nothing made for it, and none once it is gone", async () => {
	const made = { count: 0, ended: false };
	const reported: unknown[] = [];
	const server = createServer((_req, res) => {
		pump(res, { status: 200, headers: [] }, "", chunksOf(made), (error) => reported.push(error));
	});
	new Connections(server, LIMITS);
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	const req = request({ port, host: "127.0.0.1", agent: false });
	req.on("error", () => undefined);
	const response = new Promise<void>((resolve) => {
		req.on("response", (res) => {
			res.on("error", () => undefined);
			res.pause();
			resolve();
		});
	});
	req.end();
	await response;
	// Without back-pressure all were made before the first byte left the process.
	expect(made.count).toBeLessThan(1000);
	req.destroy();
	await until(() => made.ended);
	expect(made.count).toBeLessThan(1000);
	expect(reported).toEqual([]);
	await new Promise((resolve) => server.close(resolve));
});

test("an answer that fails midway breaks off, and its fault is reported", async () => {
	const fault = new Error("the disk is gone");
	const reported: unknown[] = [];
	async function* failing() {
		yield "a";
		throw fault;
	}
	const server = createServer((_req, res) => {
		pump(res, { status: 200, headers: [] }, "", failing(), (error) => reported.push(error));
	});
	new Connections(server, LIMITS);
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	const answer = fetch(`http://127.0.0.1:${port}`).then((res) => res.text());
	await expect(answer).rejects.toThrow();
	expect(reported).toEqual([fault]);
	await new Promise((resolve) => server.close(resolve));
});
