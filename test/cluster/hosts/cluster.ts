/**
 * The whole: etcd, three hosts of the database, nodes of Varve, and what stands before them.
 *
 *     clients ── front: nginx, HAProxy ── node1, node2, node3, each with an HAProxy ── pg1, pg2, pg3
 *                                                                      etcd on dcs ──┘
 */
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseCluster, type DatabaseOptions } from "./database.ts";
import { newFolder, shareMounts } from "./disk.ts";
import { Front } from "./front.ts";
import { Network } from "./network.ts";
import { Nodes } from "./nodes.ts";

export type ClusterOptions = DatabaseOptions & { readonly nodes?: number };

export class Cluster {
	readonly folder: string;
	readonly network: Network;
	readonly database: DatabaseCluster;
	readonly nodes: Nodes;
	readonly front: Front;
	readonly #endMounts: () => void;
	#lives = 0;

	constructor(options: ClusterOptions = {}) {
		this.folder = newFolder();
		chmodSync(this.folder, 0o755);
		mkdirSync(join(this.folder, "logs"));
		// In this order, since at the end of the process the hosts die before their disks go.
		this.network = new Network(join(this.folder, "logs"));
		this.#endMounts = shareMounts(this.folder);
		this.database = new DatabaseCluster(this.network, this.folder, options);
		this.nodes = new Nodes(this.network, this.folder, this.database.hosts, options.nodes);
		this.front = new Front(this.network, this.folder, this.nodes.hosts);
	}

	/** @throws Error if it does not come up; nothing of it runs then */
	static async start(options: ClusterOptions = {}): Promise<Cluster> {
		const cluster = new Cluster(options);
		try {
			await cluster.database.start();
			cluster.nodes.startProxies();
			await cluster.front.start();
			return cluster;
		} catch (error) {
			cluster.close(true);
			throw error;
		}
	}

	/** Starts the nodes on a log of its own. @returns the name of its schema */
	async begin(): Promise<string> {
		const schema = `life${++this.#lives}`;
		await this.nodes.start(schema, this.front.url);
		await this.front.renew();
		await this.front.ready();
		return schema;
	}

	/** @param keeps whether somebody will look at what is in its folder */
	close(keeps = false): void {
		this.network.close();
		this.#endMounts();
		if (!keeps) rmSync(this.folder, { recursive: true, force: true });
		else
			process.stderr.write(
				`cluster: what happened is in ${this.folder}; mount NAME.disk to look\n`,
			);
	}
}
