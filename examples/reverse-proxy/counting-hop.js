// Stands between a proxy and the server, passes everything on, and counts what the server is asked.
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
	#statuses = [];
	/** What was asked and is not passed on yet; undefined if all is passed on at once. */
	#held;
	#server = createServer((req, res) => {
		this.#asked.push(`${req.method} ${req.url}`);
		if (this.#held) this.#held.push(() => this.#pass(req, res));
		else this.#pass(req, res);
	});

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

	/** How often it was asked since the last `take`. */
	get asked() {
		return this.#asked.length;
	}

	/** The statuses that the server answered with since the last call. */
	takeStatuses() {
		const taken = this.#statuses;
		this.#statuses = [];
		return taken;
	}

	/** Passes nothing on until `release`. */
	hold() {
		this.#held = [];
	}

	get held() {
		return this.#held?.length ?? 0;
	}

	release() {
		const held = this.#held ?? [];
		this.#held = undefined;
		for (const pass of held) pass();
	}

	close() {
		this.#server.closeAllConnections();
		this.#server.close();
	}

	#pass(req, res) {
		const { hostname, port } = this.#origin;
		const { method, url: path, rawHeaders: headers } = req;
		const onward = request({ hostname, port, method, path, headers }, (answer) => {
			this.#statuses.push(answer.statusCode);
			res.writeHead(answer.statusCode, answer.statusMessage, answer.rawHeaders);
			answer.pipe(res);
		});
		onward.on("error", (error) => res.destroy(error));
		res.on("close", () => onward.destroy());
		req.pipe(onward);
	}
}
