// Stands between nginx and the server, passes everything on, and counts what the server is asked.
import { createServer, request } from "node:http";

/** @param origin the server's URL */
export async function startCountingHop(origin) {
	const hop = new CountingHop(origin);
	await hop.listen();
	return hop;
}

class CountingHop {
	#origin;
	#asked = [];
	#server = createServer((req, res) => this.#pass(req, res));

	constructor(origin) {
		this.#origin = new URL(origin);
	}

	listen() {
		return new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
	}

	get port() {
		return this.#server.address().port;
	}

	/** What was asked since the last call, as `GET /streams/…`. */
	take() {
		const taken = this.#asked;
		this.#asked = [];
		return taken;
	}

	close() {
		this.#server.closeAllConnections();
		this.#server.close();
	}

	#pass(req, res) {
		this.#asked.push(`${req.method} ${req.url}`);
		const { hostname, port } = this.#origin;
		const { method, url: path, rawHeaders: headers } = req;
		const onward = request({ hostname, port, method, path, headers }, (answer) => {
			res.writeHead(answer.statusCode, answer.statusMessage, answer.rawHeaders);
			answer.pipe(res);
		});
		onward.on("error", (error) => res.destroy(error));
		res.on("close", () => onward.destroy());
		req.pipe(onward);
	}
}
