/** Receivers of webhooks as they are: on sockets, some of them odd. */
import { createServer, type Server as HttpServer, type IncomingHttpHeaders } from "node:http";
import {
	type AddressInfo,
	createServer as createTcpServer,
	type Server,
	type Socket,
} from "node:net";

export type Got = {
	readonly path: string;
	readonly headers: IncomingHttpHeaders;
	readonly body: string;
	readonly atMs: number;
};

/** What it answers to a request: a status, with header fields if it likes. */
export type Answer = number | readonly [status: number, headers: Record<string, string>];

export class Receiver {
	readonly url: string;
	readonly got: Got[] = [];
	readonly #server: HttpServer | Server;
	readonly #sockets = new Set<Socket>();

	constructor(server: HttpServer | Server) {
		this.#server = server;
		this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
		server.on("connection", (socket: Socket) => {
			this.#sockets.add(socket);
			socket.on("error", () => undefined);
			socket.on("close", () => this.#sockets.delete(socket));
		});
	}

	get open(): number {
		return this.#sockets.size;
	}

	async close(): Promise<void> {
		for (const socket of this.#sockets) socket.destroy();
		await new Promise((resolve) => this.#server.close(resolve));
	}
}

/** One that answers in HTTP. */
export async function receiver(answer: (got: Got, count: number) => Answer | Promise<Answer>) {
	const server = createServer((req, res) => {
		let body = "";
		req.setEncoding("utf8").on("data", (chunk: string) => {
			body += chunk;
		});
		req.on("end", async () => {
			const { url: path = "", headers } = req;
			const got = { path, headers, body, atMs: Date.now() };
			made.got.push(got);
			const told = await answer(got, made.got.length);
			const [status, fields] = typeof told === "number" ? [told, {}] : told;
			res.writeHead(status, fields).end("thank you");
		});
	});
	await listening(server);
	const made = new Receiver(server);
	return made;
}

/** One that does as it likes with a connection, once the head of a request has come. */
export async function rawReceiver(act: (socket: Socket) => void): Promise<Receiver> {
	const server = createTcpServer((socket) => {
		socket.on("error", () => undefined);
		socket.once("data", () => act(socket));
	});
	await listening(server);
	return new Receiver(server);
}

function listening(server: HttpServer | Server): Promise<void> {
	return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
}
