// The caches that clients have in their own process. Their packages are installed into a temporary folder.
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const UNDICI = "7.30.0";
const GOT = "14.6.5";

/** @returns as `PROXIES`, but `ask` in place of a URL */
export function clients(directory) {
	const packages = [`undici@${UNDICI}`, `got@${GOT}`];
	const options = ["--prefix", directory, "--silent", "--no-audit", "--no-fund", "--no-save"];
	execFileSync("npm", ["install", ...options, ...packages], { stdio: "inherit" });
	const load = (name) => {
		const require = createRequire(join(directory, "package.json"));
		return import(pathToFileURL(require.resolve(name)).href);
	};
	return [
		{
			name: "undici",
			version: UNDICI,
			settings: "`interceptors.cache()`",
			start: async (_, upstreamPort) => startUndici(await load("undici"), upstreamPort),
		},
		{
			name: "got",
			version: GOT,
			settings: "`cache: new Map()`",
			start: async (_, upstreamPort) => startGot(await load("got"), upstreamPort),
		},
	];
}

function startUndici({ Agent, interceptors, request }, upstreamPort) {
	const dispatcher = new Agent().compose(interceptors.cache());
	const ask = async (path, { method = "GET", headers }) => {
		const url = `http://127.0.0.1:${upstreamPort}${path}`;
		const { statusCode, headers: got, body } = await request(url, { method, headers, dispatcher });
		return { status: statusCode, headers: new Headers(got), text: await body.text() };
	};
	return { ask, stop: () => dispatcher.close() };
}

function startGot({ default: got }, upstreamPort) {
	const cache = new Map();
	const options = { cache, retry: { limit: 0 }, throwHttpErrors: false, followRedirect: false };
	const ask = async (path, { method = "GET", headers }) => {
		const url = `http://127.0.0.1:${upstreamPort}${path}`;
		const { statusCode, headers: given, body } = await got(url, { ...options, method, headers });
		return { status: statusCode, headers: headersOf(given), text: body };
	};
	return { ask, stop: () => undefined };
}

/** The names that Node.js makes up for HTTP/2 are none. */
function headersOf(given) {
	const named = Object.entries(given).filter(([name]) => !name.startsWith(":"));
	return new Headers(named.map(([name, value]) => [name, String(value)]));
}
