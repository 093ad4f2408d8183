/** A hop in front of a server that knows no resources under /admin, as an older server. */
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { until } from "../cli/varve.ts";

export type Older = { readonly url: string; close(): void };

export async function startOlder(target: string): Promise<Older> {
	const server = createServer((asked, answer) => {
		if (asked.url?.startsWith("/admin/")) {
			asked.resume();
			answer.writeHead(404, { "Content-Type": "text/plain" }).end("Not found");
			return;
		}
		const { method, headers, url } = asked;
		const passed = request(new URL(url ?? "/", target), { method, headers }, (answered) => {
			answer.writeHead(answered.statusCode ?? 502, answered.headers);
			answered.pipe(answer);
		});
		passed.on("error", () => answer.destroy());
		asked.pipe(passed);
	});
	server.listen(0, "127.0.0.1");
	await until(() => server.listening, "the hop");
	const { port } = server.address() as AddressInfo;
	const close = () => {
		server.closeAllConnections();
		server.close();
	};
	return { url: `http://127.0.0.1:${port}`, close };
}
