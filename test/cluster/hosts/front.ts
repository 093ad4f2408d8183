/** What clients see: nginx with its cache, before the HAProxy that knows which nodes are ready. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Host, Network, Started } from "./network.ts";
import { until } from "./until.ts";

const EXAMPLES = new URL("../../../examples/", import.meta.url);
const FRONT = new URL("patroni/haproxy-front.cfg", EXAMPLES);
const CACHE = new URL("reverse-proxy/varve.conf", EXAMPLES);
const CACHE_PORT = 8080;
const PROXY_PORT = 8081;

export class Front {
	readonly host: Host;
	/** Where readers ask, and what links begin with. */
	readonly url: string;
	readonly #folder: string;
	readonly #nodes: readonly Host[];
	#cache: Started | undefined;

	constructor(network: Network, folder: string, nodes: readonly Host[]) {
		this.host = network.add("front", 41);
		this.url = `http://${this.host.address}:${CACHE_PORT}`;
		this.#folder = join(folder, "front");
		this.#nodes = nodes;
	}

	get port(): number {
		return CACHE_PORT;
	}

	async start(): Promise<void> {
		mkdirSync(join(this.#folder, "temp"), { recursive: true });
		const file = join(this.#folder, "haproxy.cfg");
		writeFileSync(file, this.#proxy());
		writeFileSync(join(this.#folder, "varve.conf"), this.#site());
		writeFileSync(join(this.#folder, "nginx.conf"), MAIN);
		this.host.start(["haproxy", "-db", "-f", file]);
		await this.renew();
	}

	/** Begins with an empty cache: under one URL it would take a page of another log for this one's. */
	async renew(): Promise<void> {
		if (this.#cache) this.host.signal("SIGTERM", [this.#cache.pid]);
		await this.#cache?.exited;
		rmSync(join(this.#folder, "varve-cache"), { recursive: true, force: true });
		const command = ["nginx", "-p", `${this.#folder}/`, "-c", "nginx.conf", "-e", "error.log"];
		this.#cache = this.host.start(command);
		await until("the front answers", async () => (await fetch(this.url)).status > 0);
	}

	/** Waits until requests reach a node, and the leader. */
	async ready(): Promise<void> {
		await until("the front leads to a node", async () => {
			const signal = AbortSignal.timeout(3000);
			return (await fetch(`${this.url}/health/ready`, { signal })).ok;
		});
		await until("the front leads to the leader", async () => {
			const signal = AbortSignal.timeout(3000);
			return (await fetch(`${this.url}/subscriptions`, { signal })).ok;
		});
	}

	#proxy(): string {
		return readFileSync(FRONT, "utf8").replaceAll(
			/^ {4}server (node\d) \S+ check.*$/gm,
			(_, name) => {
				const node = this.#nodes.find((one) => one.name === name);
				return node ? `    server ${name} ${node.address}:2113 check` : "";
			},
		);
	}

	#site(): string {
		return readFileSync(CACHE, "utf8")
			.replace("127.0.0.1:2113", `127.0.0.1:${PROXY_PORT}`)
			.replace("listen 8080", `listen ${this.host.address}:${CACHE_PORT}`);
	}
}

const MAIN = `user root;
daemon off;
pid nginx.pid;
worker_processes 1;
events { worker_connections 512; }
http {
    access_log off;
${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
	.map((name) => `    ${name}_temp_path temp/${name};`)
	.join("\n")}
    include varve.conf;
}
`;
