// The proxies of the table, each with what Varve's users would write: our own configurations for nginx
// and Varnish, and for the others the shortest that makes a cache of them, as `extras` says.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lacksForPurging, startNginx } from "../../examples/reverse-proxy/nginx.js";
import { answers, freePort } from "../../examples/reverse-proxy/ports.js";
import { startVarnish } from "../../examples/reverse-proxy/varnish.js";

/**
 * @typedef Cache
 * @property name
 * @property version undefined if it is not installed
 * @property settings what its users must set
 * @property start from a directory and the port of the server: its url, and the way to stop it
 */
export const PROXIES = [
	{
		name: "nginx",
		version: version("nginx", ["-v"], /nginx\/([\d.]+)/),
		settings: "varve.conf",
		start: (directory, upstreamPort) => startNginx(directory, upstreamPort),
	},
	{
		name: "nginx, purging",
		version: lacksForPurging() ? undefined : version("nginx", ["-v"], /nginx\/([\d.]+)/),
		settings: "varve-purging.conf",
		start: (directory, upstreamPort) => startNginx(directory, upstreamPort, { purging: true }),
	},
	{
		name: "Varnish",
		version: version("varnishd", ["-V"], /varnish-([\d.]+)/),
		settings: "varve.vcl",
		start: (directory, upstreamPort) => startVarnish(directory, upstreamPort),
	},
	{
		name: "Squid",
		version: version("squid", ["-v"], /Version ([\d.]+)/),
		settings: "`request_header_access If-None-Match deny all`",
		start: startSquid,
	},
	{
		name: "HAProxy",
		version: version("haproxy", ["-v"], /version ([\d.]+)/),
		settings: "`process-vary on`",
		start: startHaproxy,
	},
	{
		name: "Apache httpd",
		version: version("apache2", ["-v"], /Apache\/([\d.]+)/),
		settings: "`CacheQuickHandler off`, `CacheLock on`",
		start: startApache,
	},
	{
		name: "Traffic Server",
		version: version("traffic_server", ["-V"], /Server ([\d.]+)/),
		settings: "`cache.required_headers 0`",
		start: startTrafficServer,
	},
];

function version(program, args, pattern) {
	const { stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
	return pattern.exec(`${stdout}${stderr}`)?.[1];
}

async function startSquid(directory, upstreamPort) {
	const port = await freePort();
	const file = write(
		directory,
		"squid.conf",
		`http_port 127.0.0.1:${port} accel vhost
cache_peer 127.0.0.1 parent ${upstreamPort} 0 no-query no-digest originserver
acl purges method PURGE
http_access allow purges
http_access allow all
cache_mem 64 MB
maximum_object_size_in_memory 16 MB
request_header_access If-None-Match deny all
shutdown_lifetime 0 seconds
pid_filename none
access_log none
cache_log ${join(directory, "cache.log")}
coredump_dir ${directory}
`,
	);
	return started("squid", ["-N", "-f", file], port);
}

async function startHaproxy(directory, upstreamPort) {
	const port = await freePort();
	const file = write(
		directory,
		"haproxy.cfg",
		`global
	maxconn 500
defaults
	mode http
	timeout connect 5s
	timeout client 180s
	timeout server 180s
cache varve
	total-max-size 64
	max-object-size 1000000
	max-age 31536000
	process-vary on
frontend readers
	bind 127.0.0.1:${port}
	http-request cache-use varve
	http-response cache-store varve
	default_backend varve
backend varve
	server varve 127.0.0.1:${upstreamPort}
`,
	);
	return started("haproxy", ["-db", "-f", file], port);
}

async function startApache(directory, upstreamPort) {
	const port = await freePort();
	const modules = "/usr/lib/apache2/modules";
	const loaded = [
		["mpm_event", "mpm_event"],
		["authz_core", "authz_core"],
		["proxy", "proxy"],
		["proxy_http", "proxy_http"],
		["cache", "cache"],
		["cache_disk", "cache_disk"],
	].map(([name, file]) => `LoadModule ${name}_module ${modules}/mod_${file}.so\n`);
	const kept = join(directory, "kept");
	const file = write(
		directory,
		"httpd.conf",
		`${loaded.join("")}ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${join(directory, "pid")}
ErrorLog ${join(directory, "error.log")}
DefaultRuntimeDir ${directory}
User www-data
Group www-data
AllowEncodedSlashes NoDecode
ProxyPreserveHost On
ProxyTimeout 180
ProxyPass / http://127.0.0.1:${upstreamPort}/ nocanon
CacheRoot ${kept}
CacheEnable disk /
CacheQuickHandler off
CacheLock on
CacheLockPath ${join(directory, "lock")}
CacheMaxFileSize 16777216
`,
	);
	mkdirSync(kept);
	for (const folder of [directory, kept]) chmodSync(folder, 0o777);
	return started("apache2", ["-X", "-d", directory, "-f", file], port);
}

async function startTrafficServer(directory, upstreamPort) {
	const port = await freePort();
	for (const folder of ["etc", "run", "log", "cache"]) {
		mkdirSync(join(directory, folder), { recursive: true });
		chmodSync(join(directory, folder), 0o777);
	}
	chmodSync(directory, 0o777);
	const etc = (name, text) => write(join(directory, "etc"), name, text);
	etc(
		"records.config",
		`CONFIG proxy.config.http.server_ports STRING ${port}:ip-in=127.0.0.1
CONFIG proxy.config.http.cache.required_headers INT 0
CONFIG proxy.config.url_remap.pristine_host_hdr INT 1
CONFIG proxy.config.reverse_proxy.enabled INT 1
CONFIG proxy.config.http.transaction_no_activity_timeout_out INT 180
CONFIG proxy.config.log.logging_enabled INT 0
CONFIG proxy.config.admin.user_id STRING nobody
`,
	);
	etc("remap.config", `map / http://127.0.0.1:${upstreamPort}/\n`);
	etc("storage.config", `${join(directory, "cache")} 64M\n`);
	etc(
		"ip_allow.yaml",
		"ip_allow:\n  - { apply: in, ip_addrs: 127.0.0.1, action: allow, methods: ALL }\n",
	);
	const runroot = write(
		directory,
		"runroot.yaml",
		`prefix: ${directory}
exec_prefix: /usr
bindir: /usr/bin
sbindir: /usr/sbin
sysconfdir: ${join(directory, "etc")}
datadir: /usr/share/trafficserver
libexecdir: /usr/lib/trafficserver/modules
localstatedir: ${directory}
runtimedir: ${join(directory, "run")}
logdir: ${join(directory, "log")}
cachedir: ${join(directory, "cache")}
`,
	);
	return started("traffic_server", [`--run-root=${runroot}`], port);
}

function write(directory, name, text) {
	mkdirSync(directory, { recursive: true });
	const file = join(directory, name);
	writeFileSync(file, text);
	return file;
}

async function started(program, args, port) {
	const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
	const exited = once(child, "exit");
	let said = "";
	child.stderr.setEncoding("utf8").on("data", (text) => {
		said = (said + text).slice(-2000);
	});
	const url = `http://127.0.0.1:${port}`;
	await answers(url, child, program).catch((error) => {
		throw new Error(`${error.message}: ${said}`);
	});
	const stop = async () => {
		child.kill("SIGTERM");
		await exited;
	};
	return { url, stop };
}
