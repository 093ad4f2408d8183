/**
 * A slow and unreliable way between a cache and the server: each answer comes late and in two
 * halves, and some break off between them.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const LATE_MS = 60;
const HALF_MS = 30;

export type ShakyHop = {
	readonly port: number;
	/** The paths that were asked for, in order. */
	readonly asked: readonly string[];
	/** How many answers broke off. */
	readonly broken: () => number;
	close(): void;
};

/** @param breaksEach of the forward pages, every which one breaks off */
export function startShakyHop(originPort: number, breaksEach: number): Promise<ShakyHop> {
	const asked: string[] = [];
	let pages = 0;
	let broken = 0;
	const server = createServer((req, res) => {
		asked.push(req.url ?? "");
		const isPage = req.url?.includes("/forward/") === true;
		const breaks = isPage && ++pages % breaksEach === 0;
		if (breaks) broken++;
		setTimeout(() => pass(originPort, req, res, breaks), LATE_MS);
	});
	return new Promise((resolve) => {
		server.listen(0, "127.0.0.1", () => {
			const { port } = server.address() as AddressInfo;
			const close = () => {
				server.closeAllConnections();
				server.close();
			};
			resolve({ port, asked, broken: () => broken, close });
		});
	});
}

function pass(port: number, req: IncomingMessage, res: ServerResponse, breaks: boolean): void {
	const { method = "GET", url: path = "/", rawHeaders: headers } = req;
	const onward = request({ host: "127.0.0.1", port, method, path, headers }, (answer) => {
		const chunks: Buffer[] = [];
		answer.on("data", (chunk: Buffer) => chunks.push(chunk));
		answer.on("end", () => {
			const body = Buffer.concat(chunks);
			res.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
			res.write(body.subarray(0, body.length >> 1));
			setTimeout(() => {
				if (breaks) res.destroy();
				else res.end(body.subarray(body.length >> 1));
			}, HALF_MS);
		});
	});
	onward.on("error", () => res.destroy());
	res.on("close", () => onward.destroy());
	req.pipe(onward);
}
