/** A collector of OTLP over HTTP, which keeps what it gets. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export type Collector = {
	readonly url: string;
	/** What came, by path, oldest first. */
	readonly received: { readonly path: string; readonly body: unknown }[];
	/** The status it answers with from now on. */
	answer(status: number): void;
	close(): Promise<void>;
};

export async function startCollector(): Promise<Collector> {
	const received: Collector["received"] = [];
	let status = 200;
	const server = createServer(async (req, res) => {
		const chunks: Buffer[] = [];
		for await (const chunk of req) chunks.push(chunk as Buffer);
		received.push({ path: req.url ?? "", body: JSON.parse(Buffer.concat(chunks).toString()) });
		res.writeHead(status, { "Content-Type": "application/json" }).end("{}");
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		received,
		answer(next) {
			status = next;
		},
		close() {
			server.closeAllConnections();
			return new Promise((resolve) => server.close(() => resolve()));
		},
	};
}
