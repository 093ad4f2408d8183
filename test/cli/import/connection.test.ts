import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { Connection, headerOf } from "../../../src/cli/import/connection.ts";

let server: Server | undefined;
let connection: Connection | undefined;
afterEach(() => {
	connection?.close();
	server?.close();
});

/** A server that answers each request with the next of `answers`, cut where it has a bar. */
async function connectTo(...answers: string[]): Promise<Connection> {
	const left = [...answers];
	server = createServer((socket: Socket) => {
		socket.on("error", () => undefined);
		socket.on("data", async () => {
			const [answer = ""] = left.splice(0, 1);
			for (const part of answer.split("|")) {
				if (part === "CLOSE") return void socket.end();
				socket.write(part, "latin1");
				await new Promise((resolve) => setImmediate(resolve));
			}
		});
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	connection = new Connection(new URL(`http://127.0.0.1:${port}`));
	return connection;
}

describe("a connection", () => {
	test("reads answer after answer, in whatever pieces they come", async () => {
		const one = await connectTo(
			"HTTP/1.1 201 Created\r\nContent-|Length: 0\r\nVarve-Repeated: true\r|\n\r\n",
			"HTTP/1.1 400 Wrong expected EventNumber\r\ncontent-length: 4\r\n\r\nb|ody",
		);
		const first = await one.request("x");
		expect(first).toMatchObject({ status: 201, reason: "Created", body: "" });
		expect(headerOf(first, "varve-repeated")).toBe("true");
		expect(headerOf(first, "retry-after")).toBeUndefined();
		expect(await one.request("x")).toMatchObject({
			status: 400,
			reason: "Wrong expected EventNumber",
			body: "body",
		});
	});

	test("puts chunks together and passes over interim answers", async () => {
		const one = await connectTo(
			"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nab|cde\r\n1\r\nf\r\n0\r\n|\r\n",
			"HTTP/1.1 204 No Content\r\n\r\n",
		);
		expect(await one.request("x")).toMatchObject({ status: 503, body: "abcdef" });
		expect(await one.request("x")).toMatchObject({ status: 204 });
	});

	test("connects anew after the server has closed it", async () => {
		const one = await connectTo(
			"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi|CLOSE",
			"HTTP/1.1 200 OK\r\n\r\nup to the end|CLOSE",
			"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n3",
		);
		expect(await one.request("x")).toMatchObject({ body: "hi" });
		expect(await one.request("x")).toMatchObject({ body: "up to the end" });
		expect(await one.request("x")).toMatchObject({ body: "3" });
	});

	test("says so where it is cut within an answer, and can be used again", async () => {
		const one = await connectTo(
			"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf|CLOSE",
			"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2",
		);
		await expect(one.request("x")).rejects.toThrow("the server closed the connection");
		expect(await one.request("x")).toMatchObject({ body: "2" });
	});

	test("reports that nothing listens", async () => {
		const one = await connectTo();
		server?.close();
		await once(server as Server, "close");
		await expect(one.request("x")).rejects.toMatchObject({ code: "ECONNREFUSED" });
	});
});
