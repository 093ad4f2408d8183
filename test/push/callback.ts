/** Callbacks of subscribers of the hub: they confirm what they expect, and take feeds. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export type Feed = {
	readonly body: string;
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
};

export class Callback {
	readonly feeds: Feed[] = [];
	/** The queries of its GETs. */
	readonly asked: URLSearchParams[] = [];
	/** What it answers to a challenge. */
	echo: (challenge: string) => string = (challenge) => challenge;
	status = 200;
	readonly #server: Server;

	constructor(server: Server) {
		this.#server = server;
		server.on("request", (req, res) => {
			const { searchParams } = new URL(req.url ?? "", "http://x");
			if (req.method === "GET") {
				this.asked.push(searchParams);
				res.end(this.echo(searchParams.get("hub.challenge") ?? ""));
				return;
			}
			let body = "";
			req.on("data", (chunk) => {
				body += chunk;
			});
			req.on("end", () => {
				this.feeds.push({ body, headers: req.headers });
				res.writeHead(this.status).end();
			});
		});
	}

	get url(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/cb?kept=1`;
	}

	close(): Promise<unknown> {
		return new Promise((resolve) => this.#server.close(resolve));
	}
}

export async function callback(): Promise<Callback> {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
	return new Callback(server);
}
