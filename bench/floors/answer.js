// Floor of the reads: node:http and one answer, whatever is asked.
// Argument: a JSON file with {status, headers, body (base64), keepAliveMs}.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const { status, headers, body, keepAliveMs } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const bytes = Buffer.from(body, "base64");

const server = createServer({ keepAliveTimeout: keepAliveMs }, (_req, res) => {
	res.writeHead(status, headers);
	res.end(bytes.length === 0 ? undefined : bytes);
});
server.listen(0, "127.0.0.1", () => {
	process.stdout.write(`http://127.0.0.1:${server.address().port}\n`);
});
process.on("SIGTERM", () => process.exit(0));
