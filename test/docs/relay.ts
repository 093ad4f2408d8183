/** A proxy in front of a server that now and then fails, as the real ones do. */
import { once } from "node:events";
import { createServer, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** `not-found`: it has no server behind it. `half`: the connection ends early. */
export type Failure = "not-found" | "half" | "apology";

export type Relay = {
	readonly url: string;
	/** The server behind it; another one after a restart. */
	target: string;
	/** Lets the next page that each client is sent fail. */
	failNext(failure: Failure): void;
	close(): Promise<void>;
};

export async function startRelay(target: string): Promise<Relay> {
	let failure: Failure | undefined;
	const failed = new Set<string>();
	const relay = createServer((req, res) => {
		const behind = request(new URL(req.url ?? "/", self.target), { headers: req.headers });
		behind.on("error", () => res.destroy());
		res.on("close", () => behind.destroy());
		behind.on("response", (answer) => {
			const client = req.headers["user-agent"] ?? "";
			if (failure !== undefined && answer.statusCode === 200 && !failed.has(client)) {
				failed.add(client);
				answer.resume();
				return fail(res, failure);
			}
			res.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? "", answer.headers);
			answer.pipe(res);
		});
		behind.end();
	});
	relay.listen(0, "127.0.0.1");
	await once(relay, "listening");
	const self: Relay = {
		url: `http://127.0.0.1:${(relay.address() as AddressInfo).port}`,
		target,
		failNext: (next) => {
			failure = next;
			failed.clear();
		},
		close: async () => {
			relay.close();
			relay.closeAllConnections();
			await once(relay, "close");
		},
	};
	return self;
}

function fail(res: ServerResponse, failure: Failure): void {
	if (failure === "not-found") {
		res.writeHead(404, { "Content-Type": "text/html" }).end("default backend - 404");
	} else if (failure === "apology") {
		res.writeHead(200, { "Content-Type": "text/html" }).end("<h1>We will be back soon</h1>");
	} else {
		res.writeHead(200, {
			"Content-Type": "application/vnd.eventstore.atom+json",
			"Content-Length": 1000,
		});
		res.write('{"links": [', () => res.destroy());
	}
}
