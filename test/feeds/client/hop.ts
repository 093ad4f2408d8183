/** Something between a client and its server, which now and then answers by itself. */
import { once } from "node:events";
import { createServer, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** `lost`: the server carries the request out, and the answer is lost. */
export type Trouble =
	| "lost"
	| {
			readonly status: number;
			readonly headers?: Record<string, string>;
			readonly body?: string;
	  };

export class Hop {
	/** What happens to the next requests, one each; after that, all goes through. */
	readonly troubles: Trouble[] = [];
	/** The ids of events that came along, as they stand in headers or bodies. */
	readonly bodies: string[] = [];
	readonly #target: string;
	readonly #server = createServer((req, res) => {
		const trouble = this.troubles.shift();
		if (typeof trouble === "object") return answer(res, trouble);
		const behind = request(new URL(req.url ?? "/", this.#target), {
			method: req.method,
			headers: req.headers,
		});
		let body = `${req.headers["es-eventid"] ?? ""} `;
		req.on("data", (chunk) => {
			body += chunk;
		});
		req.pipe(behind);
		behind.on("response", (from) => {
			this.bodies.push(body);
			if (trouble === "lost") {
				from.resume();
				return void from.on("end", () => res.destroy());
			}
			res.writeHead(from.statusCode ?? 502, from.statusMessage ?? "", from.headers);
			from.pipe(res);
		});
	});

	constructor(target: string) {
		this.#target = target;
	}

	async listen(): Promise<string> {
		this.#server.listen(0, "127.0.0.1");
		await once(this.#server, "listening");
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	async close(): Promise<void> {
		this.#server.close();
		this.#server.closeAllConnections();
		await once(this.#server, "close");
	}
}

function answer(res: ServerResponse, trouble: Exclude<Trouble, "lost">): void {
	res.writeHead(trouble.status, trouble.headers).end(trouble.body ?? "");
}
