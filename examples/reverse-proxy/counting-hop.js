// Stands between nginx and the server, passes everything on, and counts what the server is asked.
import { createServer, request } from "node:http";

/**
 * @param origin the server's URL
 * @returns its port, what was asked since the last call of `take` (`GET /streams/…`), and the way
 *   to close it
 */
export async function startCountingHop(origin) {
	const { hostname, port } = new URL(origin);
	let asked = [];
	const hop = createServer((req, res) => {
		asked.push(`${req.method} ${req.url}`);
		const { method, url: path, rawHeaders: headers } = req;
		const onward = request({ hostname, port, method, path, headers }, (answer) => {
			res.writeHead(answer.statusCode, answer.statusMessage, answer.rawHeaders);
			answer.pipe(res);
		});
		onward.on("error", (error) => res.destroy(error));
		res.on("close", () => onward.destroy());
		req.pipe(onward);
	});
	await new Promise((resolve) => hop.listen(0, "127.0.0.1", resolve));
	return {
		port: hop.address().port,
		take: () => {
			const taken = asked;
			asked = [];
			return taken;
		},
		close: () => {
			hop.closeAllConnections();
			hop.close();
		},
	};
}
