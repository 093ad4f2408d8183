// Starts nginx with varve.conf, in a temporary directory and without touching the system's own.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { answers, freePort } from "./ports.js";

/** Debian and Ubuntu have it in the package libnginx-mod-http-cache-purge. */
const PURGE_MODULE = "ngx_http_cache_purge_module.so";
/** Where packages put modules, besides where this nginx looks for them. */
const MODULE_FOLDERS = [
	"/usr/lib/nginx/modules",
	"/usr/lib64/nginx/modules",
	"/usr/share/nginx/modules",
	"/usr/local/lib/nginx/modules",
];

export function hasNginx() {
	return spawnSync("nginx", ["-v"]).status === 0;
}

/** What nginx lacks to purge pages, in words; undefined if it can. */
export function lacksForPurging() {
	if (!hasNginx()) return "nginx is not installed";
	if (purgeModule() !== undefined) return undefined;
	const folders = moduleFolders().join(", ");
	return (
		`nginx is installed, but not its module ${PURGE_MODULE} (looked in ${folders}); on Debian ` +
		"and Ubuntu, install libnginx-mod-http-cache-purge"
	);
}

function purgeModule() {
	return moduleFolders()
		.map((folder) => join(folder, PURGE_MODULE))
		.find((path) => existsSync(path));
}

function moduleFolders() {
	const built = String(spawnSync("nginx", ["-V"]).stderr);
	const own = /--modules-path=(\S+)/.exec(built)?.[1];
	return [...new Set([...(own === undefined ? [] : [own]), ...MODULE_FOLDERS])];
}

/**
 * @param directory an empty one, for its cache and logs
 * @param upstreamPort where the server listens, or what stands before it
 * @param options `port`: where it listens; `purging`, `gateway`: with varve-purging.conf or
 *   varve-gateway.conf instead
 * @returns its URL, and the way to stop it; resolves once it answers
 */
export async function startNginx(directory, upstreamPort, options = {}) {
	const { port = await freePort(), purging = false, gateway = false } = options;
	const kind = purging ? "-purging" : gateway ? "-gateway" : "";
	const configuration = `varve${kind}.conf`;
	const site = readFileSync(new URL(configuration, import.meta.url), "utf8")
		.replace("127.0.0.1:2113", `127.0.0.1:${upstreamPort}`)
		.replace("listen 8080", `listen 127.0.0.1:${port}`);
	mkdirSync(join(directory, "temp"), { recursive: true });
	writeFileSync(join(directory, "varve.conf"), site);
	writeFileSync(join(directory, "nginx.conf"), mainConfiguration(purging));

	const args = ["-p", `${directory}/`, "-c", "nginx.conf", "-e", "error.log"];
	const nginx = spawn("nginx", args, { stdio: ["ignore", "inherit", "inherit"] });
	const exited = once(nginx, "exit");
	const url = `http://127.0.0.1:${port}`;
	await answers(url, nginx, "nginx");
	const stop = async () => {
		nginx.kill("SIGTERM");
		await exited;
	};
	return { url, stop };
}

/** What a system's nginx.conf has around conf.d, with every path below the temporary directory. */
function mainConfiguration(purging) {
	// Its workers give up root's rights, and could then not write where root made the directory.
	const user = process.getuid?.() === 0 ? "user root;\n" : "";
	const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
		.map((name) => `    ${name}_temp_path temp/${name};\n`)
		.join("");
	const module = purging ? `load_module ${purgeModule()};\n` : "";
	return `${user}${module}daemon off;
pid nginx.pid;
worker_processes 1;
events { worker_connections 512; }
http {
    access_log off;
${temporary}    include varve.conf;
}
`;
}
